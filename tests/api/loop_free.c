/* yolanda_loop_free: what a loop has goes with it, and nothing of it stays behind. */
#include "aid.h"

#include "lib/utils.h"
#include "yolanda.h"

#include <stdatomic.h>

static int closed, messages, posted;

static int on_closed(struct tcp_connection *connection)
{
    closed++;
    /* Its memory and its descriptor are there until this returns. */
    CHECK(fcntl(connection->channel->fd, F_GETFD) >= 0);
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    (void)connection;
    messages++;
    input->readIndex = input->writeIndex;
    return 0;
}

static void on_posted(struct event_loop *loop, void *data)
{
    (void)data;
    CHECK(isInSameThread(loop));
    posted++;
}

static void on_timer(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    CHECK(data == NULL && "never called");
}

CASE(connections_get_their_closed_callback)
{
    int before = open_fds();
    struct event_loop *loop = event_loop_init();
    int peers[20];
    for (int i = 0; i < 20; i++) {
        int fd[2];
        make_sockets(fd);
        NEED(tcp_connection_new(fd[0], loop, NULL, on_closed, on_message, NULL) != NULL);
        peers[i] = fd[1];
        put(fd[1], "hello");
    }
    while (messages < 20) {
        NEED(yolanda_loop_run_once(loop, 1000) > 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 20);
    for (int i = 0; i < 20; i++) {
        char byte;
        CHECK_INT(read(peers[i], &byte, 1), 0);
        close(peers[i]);
    }
    CHECK_INT(open_fds(), before);
}

CASE(output_that_is_stuck_goes_with_the_loop)
{
    int fd[2], before = open_fds();
    struct event_loop *loop = event_loop_init();
    make_sockets(fd);
    struct tcp_connection *connection =
        tcp_connection_new(fd[0], loop, NULL, on_closed, on_message, NULL);
    NEED(connection != NULL);
    static char much[4 << 20];
    CHECK(tcp_connection_send_data(connection, much, sizeof much) >= 0);
    CHECK(buffer_readable_size(connection->output_buffer) > 0);
    yolanda_loop_run_once(loop, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 1);
    close(fd[1]);
    CHECK_INT(open_fds(), before);
}

CASE(what_was_posted_is_run_before)
{
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < 10; i++) {
        CHECK_INT(yolanda_loop_post(loop, on_posted, NULL), 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(posted, 10);
}

static int post_more(struct tcp_connection *connection)
{
    CHECK_INT(yolanda_loop_post(connection->eventLoop, on_posted, NULL), 0);
    return 0;
}

CASE(what_closed_callbacks_post_as_well)
{
    struct event_loop *loop = event_loop_init();
    int fd[2];
    make_sockets(fd);
    NEED(tcp_connection_new(fd[0], loop, NULL, post_more, on_message, NULL) != NULL);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(posted, 1);
}

static void for_ever(struct event_loop *loop, void *data)
{
    posted++;
    yolanda_loop_post(loop, for_ever, data);
}

CASE(a_function_that_posts_itself_doesnt_keep_it)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(yolanda_loop_post(loop, for_ever, NULL), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK(posted >= 1);
}

CASE(timers_go_uncalled)
{
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < 1000; i++) {
        CHECK(yolanda_timer_start(loop, i % 2 * 60000, i % 3, on_timer, "x") != 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int on_readable(void *data)
{
    (void)data;
    return 0;
}

CASE(channels_stay_the_programs)
{
    struct event_loop *loop = event_loop_init();
    int fd[2];
    make_pipe(fd);
    struct channel *channel = watch(loop, fd[0], EVENT_READ, on_readable, NULL, NULL);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(channel->fd, fd[0]);
    CHECK(fcntl(fd[0], F_GETFD) >= 0);
    /* It belongs to no loop now, and another one takes it. */
    CHECK_INT(channel_write_event_enable(channel), -1);
    loop = event_loop_init();
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    free(channel);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct event_loop *target;
static atomic_long accepted, ran;

static void count_run(struct event_loop *loop, void *data)
{
    (void)loop;
    (void)data;
    ran++;
}

static void post_until_refused(void *data)
{
    (void)data;
    while (yolanda_loop_post(target, count_run, NULL) == 0) {
        accepted++;
    }
    CHECK_INT(errno, ESHUTDOWN);
}

/* Its memory is kept by a connection, so that this isn't the use of a freed loop. */
CASE(threads_that_keep_posting_dont_keep_it)
{
    enum { COUNT = 8 };
    pthread_t threads[COUNT];
    int fd[2];
    target = event_loop_init();
    make_sockets(fd);
    struct tcp_connection *kept = yolanda_connection_retain(
        tcp_connection_new(fd[0], target, NULL, NULL, on_message, NULL));
    NEED(kept != NULL);
    for (int i = 0; i < COUNT; i++) {
        threads[i] = start_thread(post_until_refused, NULL);
    }
    while (accepted < 1000) {
        yolanda_loop_run_once(target, 0);
    }
    CHECK_INT(yolanda_loop_free(target), 0);
    for (int i = 0; i < COUNT; i++) {
        join(threads[i]);
    }
    CHECK_INT(ran, accepted);
    CHECK_INT(yolanda_connection_release(kept), 0);
    close(fd[1]);
}

static void free_it(struct event_loop *loop, void *data)
{
    (void)data;
    errno = 0;
    CHECK_INT(yolanda_loop_free(loop), -1);
    CHECK_INT(errno, EBUSY);
    yolanda_loop_quit(loop);
    posted++;
}

CASE(inside_a_callback_it_is_refused)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(yolanda_loop_post(loop, free_it, NULL), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(posted, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(again_and_again_it_leaves_nothing)
{
    int before = 0;
    long pages = 0, now = 0;
    for (int i = 0; i < 2000; i++) {
        struct event_loop *loop = i % 2 ? event_loop_init() : yolanda_loop_new("again", NULL);
        NEED(loop != NULL);
        CHECK(yolanda_timer_start(loop, 60000, 0, on_timer, "x") != 0);
        yolanda_loop_run_once(loop, 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
        FILE *file = fopen("/proc/self/statm", "r");
        NEED(file != NULL && fscanf(file, "%*d %ld", &now) == 1);
        fclose(file);
        if (i == 100) {
            before = open_fds();
            pages = now;
        }
    }
    CHECK_INT(open_fds(), before);
    CHECK(SANITIZED || now <= pages + 64);
}
