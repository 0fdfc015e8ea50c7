/* yolanda.h: making loops, stopping and stepping them, posting to them, embedding them. */
#include "aid.h"

#include "lib/utils.h"
#include "yolanda.h"

#include <poll.h>
#include <sched.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void add_one(struct event_loop *loop, void *data)
{
    NEED(isInSameThread(loop));
    ++*(int *)data;
}

static void quit_it(struct event_loop *loop, void *data)
{
    (void)data;
    CHECK_INT(yolanda_loop_quit(loop), 0);
}

CASE(a_loop_with_a_name_and_a_dispatcher)
{
    char name[] = "mine";
    struct event_loop *loop = yolanda_loop_new(name, "poll");
    NEED(loop != NULL);
    name[0] = 'X';
    CHECK_TEXT(loop->thread_name, "mine");
    CHECK_TEXT(yolanda_loop_dispatcher(loop), "poll");
    CHECK(loop->eventDispatcher == &poll_dispatcher);
    CHECK_INT(yolanda_loop_free(loop), 0);

    loop = yolanda_loop_new(NULL, "epoll");
    NEED(loop != NULL);
    CHECK_TEXT(loop->thread_name, "main thread");
    CHECK_TEXT(yolanda_loop_dispatcher(loop), "epoll");
    CHECK_INT(yolanda_loop_free(loop), 0);

    loop = yolanda_loop_new(NULL, NULL);
    NEED(loop != NULL);
    const char *chosen = getenv("YOLANDA_DISPATCHER");
    CHECK_TEXT(yolanda_loop_dispatcher(loop), chosen != NULL ? chosen : "epoll");
    CHECK_INT(yolanda_loop_free(loop), 0);

    errno = 0;
    CHECK(yolanda_loop_new(NULL, "kqueue") == NULL);
    CHECK_INT(errno, EINVAL);
}

CASE(quit_before_run_is_kept)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(yolanda_loop_quit(loop), 0);
    CHECK_INT(yolanda_loop_quit(loop), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(yolanda_loop_run_once(loop, -1), 0);
    CHECK_INT(event_loop_run(loop), 0);
    loop->quit = 0;
    CHECK_INT(yolanda_loop_post(loop, quit_it, NULL), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void quit_from_here(void *data)
{
    struct event_loop *loop = data;
    until_blocked(getpid());
    CHECK_INT(yolanda_loop_quit(loop), 0);
}

CASE(quit_from_another_thread_ends_the_wait)
{
    struct event_loop *loop = event_loop_init();
    pthread_t thread = start_thread(quit_from_here, loop);
    CHECK_INT(event_loop_run(loop), 0);
    join(thread);
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.wakeups, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct event_loop *signalled;

static void on_alarm(int number)
{
    (void)number;
    yolanda_loop_quit(signalled);
}

CASE(quit_from_a_signal_handler)
{
    signalled = event_loop_init();
    NEED(signal(SIGUSR1, on_alarm) != SIG_ERR);
    for (int i = 0; i < 200; i++) {
        signalled->quit = 0;
        pid_t child = fork();
        if (child == 0) {
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
        CHECK_INT(event_loop_run(signalled), 0);
        waitpid(child, NULL, 0);
    }
    CHECK_INT(yolanda_loop_free(signalled), 0);
}

CASE(run_once_tells_how_much_was_called)
{
    struct event_loop *loop = event_loop_init();
    int count = 0;
    CHECK_INT(yolanda_loop_run_once(loop, 0), 0);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(yolanda_loop_post(loop, add_one, &count), 0);
    }
    CHECK_INT(yolanda_loop_run_once(loop, -1), 5);
    CHECK_INT(count, 5);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 0);

    int64_t start = now_ms();
    CHECK_INT(yolanda_loop_run_once(loop, 30), 0);
    CHECK(now_ms() - start >= 30);
    start = now_ms();
    CHECK_INT(yolanda_loop_run_once(loop, 1200), 0);
    CHECK(now_ms() - start >= 1200);

    /* A wake-up ends it although no callback is called. */
    event_loop_wakeup(loop);
    CHECK_INT(yolanda_loop_run_once(loop, -1), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int order[8], ordered;

static void note(struct event_loop *loop, void *data)
{
    (void)loop;
    order[ordered++] = *(int *)data;
}

static int numbers[] = { 0, 1, 2, 3, 4 };

static void step(struct event_loop *loop, void *data)
{
    note(loop, data);
    CHECK_INT(yolanda_loop_post(loop, note, &numbers[3]), 0);
    while (ordered < 3) {
        NEED(yolanda_loop_run_once(loop, 0) >= 1);
    }
    note(loop, &numbers[4]);
}

CASE(run_once_within_a_callback_goes_on_in_order)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(yolanda_loop_post(loop, step, &numbers[1]), 0);
    CHECK_INT(yolanda_loop_post(loop, note, &numbers[2]), 0);
    CHECK(yolanda_loop_run_once(loop, 0) >= 2);
    CHECK_INT(ordered, 4);
    for (int i = 1; i <= 4; i++) {
        CHECK_INT(order[i - 1], i);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* --- posts ---------------------------------------------------------------------------------- */

#define POSTERS 8
#define EACH 125000

struct poster {
    struct event_loop *loop;
    long next;
    int number;
};

struct posted {
    struct poster *poster;
    long number;
};

static struct poster posters[POSTERS];
static struct posted *posted;
static long seen;

static void on_posted(struct event_loop *loop, void *data)
{
    struct posted *one = data;
    NEED(one->number == one->poster->next);
    one->poster->next++;
    if (++seen == (long)POSTERS * EACH) {
        yolanda_loop_quit(loop);
    }
}

static void post_many(void *data)
{
    struct poster *poster = data;
    struct posted *mine = posted + (long)poster->number * EACH;
    for (long i = 0; i < EACH; i++) {
        mine[i] = (struct posted){ poster, i };
        NEED(yolanda_loop_post(poster->loop, on_posted, &mine[i]) == 0);
    }
}

CASE(a_million_posts_of_eight_threads)
{
    struct event_loop *loop = event_loop_init();
    pthread_t threads[POSTERS];
    posted = malloc(sizeof *posted * POSTERS * EACH);
    NEED(posted != NULL);
    for (int i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){ loop, 0, i };
        threads[i] = start_thread(post_many, &posters[i]);
    }
    CHECK_INT(event_loop_run(loop), 0);
    for (int i = 0; i < POSTERS; i++) {
        join(threads[i]);
        CHECK_INT(posters[i].next, EACH);
    }
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.posts, (long)POSTERS * EACH);
    /* Many posts, one wake-up: a wake-up for each would be as many. */
    CHECK(stats.wakeups < (uint64_t)POSTERS * EACH / 2);
    free(posted);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(posts_before_the_loop_runs_wake_it_once)
{
    struct event_loop *loop = event_loop_init();
    int count = 0;
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(yolanda_loop_post(loop, add_one, &count), 0);
    }
    int bytes = 0;
    CHECK_INT(ioctl(loop->socketPair[1], FIONREAD, &bytes), 0);
    CHECK_INT(bytes, 1);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 1000);
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.wakeups, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int refused;

static void again(struct event_loop *loop, void *data)
{
    ++*(int *)data;
    if (yolanda_loop_post(loop, again, data) < 0) {
        CHECK_INT(errno, ESHUTDOWN);
        refused++;
    }
}

CASE(a_function_that_posts_itself_lets_the_pass_end)
{
    struct event_loop *loop = event_loop_init();
    int count = 0;
    CHECK_INT(yolanda_loop_post(loop, again, &count), 0);
    for (int i = 1; i <= 10; i++) {
        CHECK(yolanda_loop_run_once(loop, -1) <= 2);
        CHECK(count >= i);
    }
    CHECK_INT(refused, 0);
    /* Its last call is told that there won't be another one. */
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(refused, 1);
}

/* --- embedding ------------------------------------------------------------------------------ */

static int on_readable(void *data)
{
    char byte;
    NEED(read(((int *)data)[0], &byte, 1) == 1);
    ++((int *)data)[1];
    return 0;
}

CASE(a_pollable_descriptor)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    int fd[2];
    make_pipe(fd);
    int state[2] = { fd[0], 0 };
    struct channel *channel = watch(loop, fd[0], EVENT_READ, on_readable, NULL, state);
    struct pollfd one = { yolanda_loop_fd(loop), POLLIN, 0 };
    CHECK(one.fd >= 0);
    CHECK_INT(poll(&one, 1, 0), 0);
    CHECK_INT(yolanda_loop_timeout(loop), -1);
    put(fd[1], "x");
    CHECK_INT(poll(&one, 1, 10000), 1);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 1);
    CHECK_INT(state[1], 1);
    CHECK_INT(poll(&one, 1, 0), 0);

    /* A post of this thread is work at once; another thread's is seen through the descriptor. */
    int count = 0;
    CHECK_INT(yolanda_loop_post(loop, add_one, &count), 0);
    CHECK_INT(yolanda_loop_timeout(loop), 0);
    CHECK_INT(poll(&one, 1, 10000), 1);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 1);
    CHECK_INT(count, 1);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    free(channel);
    CHECK_INT(yolanda_loop_free(loop), 0);

    /* A program's own back end has none that the library knows of. */
    static struct event_dispatcher own;
    loop = yolanda_loop_new(NULL, NULL);
    own = *loop->eventDispatcher;
    loop->eventDispatcher = &own;
    errno = 0;
    CHECK_INT(yolanda_loop_fd(loop), -1);
    CHECK_INT(errno, ENOTSUP);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_timer(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    ++*(int *)data;
}

static int echo_back(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

/* Whatever happens to the descriptors after the first call: added, changed, removed. */
CASE(the_descriptor_follows_the_loop)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct pollfd one = { yolanda_loop_fd(loop), POLLIN, 0 };
    int fd[2], peer[2];
    make_pipe(fd);
    make_sockets(peer);
    int state[2] = { fd[0], 0 };
    put(fd[1], "xy");
    CHECK_INT(poll(&one, 1, 0), 0);
    struct channel *channel = watch(loop, fd[0], EVENT_READ, on_readable, NULL, state);
    CHECK_INT(poll(&one, 1, 10000), 1);
    CHECK_INT(yolanda_loop_run_once(loop, 0), 1);
    CHECK_INT(poll(&one, 1, 10000), 1);
    channel->events = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(poll(&one, 1, 0), 0);
    channel->events = EVENT_READ;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(poll(&one, 1, 10000), 1);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(poll(&one, 1, 0), 0);
    free(channel);

    /* Connections, too, with more than the socket takes at once. */
    static char much[1 << 20], back[1 << 20];
    NEED(tcp_connection_new(peer[0], loop, NULL, NULL, echo_back, NULL) != NULL);
    NEED(fcntl(peer[1], F_SETFL, O_NONBLOCK) == 0);
    size_t sent = 0, got = 0;
    for (int i = 0; i < 100000 && got < sizeof much; i++) {
        ssize_t n = write(peer[1], much + sent, sizeof much - sent);
        sent += n > 0 ? n : 0;
        n = read(peer[1], back, sizeof back);
        got += n > 0 ? n : 0;
        int64_t wait = yolanda_loop_timeout(loop);
        poll(&one, 1, wait < 0 || wait > 10 ? 10 : (int)wait);
        yolanda_loop_run_once(loop, 0);
    }
    CHECK_INT(got, sizeof much);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(the_timeout_of_an_embedded_loop)
{
    struct event_loop *loop = event_loop_init();
    int count = 0;
    CHECK(yolanda_timer_start(loop, 60000, 0, on_timer, &count) != 0);
    CHECK(yolanda_loop_timeout(loop) > 50000 && yolanda_loop_timeout(loop) <= 60000);
    CHECK(yolanda_timer_start(loop, 5, 0, on_timer, &count) != 0);
    for (int i = 0; i < 10000 && count == 0; i++) {
        int64_t wait = yolanda_loop_timeout(loop);
        CHECK(wait >= 0 && wait <= 5);
        usleep(wait * 1000);
        yolanda_loop_run_once(loop, 0);
    }
    CHECK_INT(count, 1);
    CHECK_INT(yolanda_loop_quit(loop), 0);
    CHECK_INT(yolanda_loop_timeout(loop), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* --- counts and bad input ------------------------------------------------------------------- */

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

CASE(the_counts)
{
    struct event_loop *loop = event_loop_init();
    int fd[2], count = 0;
    make_sockets(fd);
    struct yolanda_loop_stats stats;
    NEED(tcp_connection_new(fd[0], loop, NULL, NULL, on_message, NULL) != NULL);
    put(fd[1], "hello");
    while (yolanda_loop_run_once(loop, 0) == 0) {
    }
    CHECK(yolanda_timer_start(loop, 60000, 0, on_timer, &count) != 0);
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.connections, 1);
    CHECK_INT(stats.connections_total, 1);
    CHECK_INT(stats.bytes_read, 5);
    CHECK_INT(stats.bytes_written, 5);
    CHECK_INT(stats.callbacks, 1);
    CHECK_INT(stats.timers, 1);
    CHECK(stats.passes >= 1);
    close(fd[1]);
    while (yolanda_loop_run_once(loop, -1) == 0) {
    }
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.connections, 0);
    CHECK_INT(stats.connections_total, 1);

    /* A program of an earlier or a later version of the header. */
    struct {
        struct yolanda_loop_stats now;
        uint64_t later;
    } wide = { .later = 7 };
    CHECK_INT(yolanda_loop_get_stats(loop, &wide.now, sizeof wide), 0);
    CHECK_INT(wide.later, 0);
    CHECK_INT(wide.now.connections_total, 1);
    uint64_t narrow[2] = { 7, 7 };
    CHECK_INT(yolanda_loop_get_stats(loop, (void *)narrow, 8), 0);
    CHECK_INT(narrow[0], stats.passes);
    CHECK_INT(narrow[1], 7);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void foreign_calls(void *data)
{
    struct event_loop *loop = data;
    int count = 0;
#define EPERM_IS(call, value)                                                                      \
    errno = 0;                                                                                     \
    CHECK_INT(call, value);                                                                        \
    CHECK_INT(errno, EPERM)
    EPERM_IS(yolanda_loop_free(loop), -1);
    EPERM_IS(yolanda_loop_run_once(loop, 0), -1);
    EPERM_IS(yolanda_loop_timeout(loop), -2);
    EPERM_IS(yolanda_loop_fd(loop), -1);
    EPERM_IS(yolanda_timer_start(loop, 0, 0, on_timer, &count), 0);
    EPERM_IS(yolanda_timer_restart(loop, 1, 0, 0), -1);
    EPERM_IS(yolanda_timer_stop(loop, 1), -1);
    EPERM_IS(yolanda_timer_remaining(loop, 1), -1);
}

CASE(foreign_threads_are_refused)
{
    struct event_loop *loop = event_loop_init();
    on_thread(foreign_calls, loop);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(bad_arguments)
{
    struct event_loop *loop = event_loop_init();
    struct yolanda_loop_stats stats;
#define EINVAL_IS(call, value)                                                                     \
    errno = 0;                                                                                     \
    CHECK_INT(call, value);                                                                        \
    CHECK_INT(errno, EINVAL)
    EINVAL_IS(yolanda_loop_free(NULL), -1);
    EINVAL_IS(yolanda_loop_quit(NULL), -1);
    EINVAL_IS(yolanda_loop_run_once(NULL, 0), -1);
    EINVAL_IS(yolanda_loop_run_once(loop, -2), -1);
    EINVAL_IS(yolanda_loop_post(NULL, add_one, NULL), -1);
    EINVAL_IS(yolanda_loop_post(loop, NULL, NULL), -1);
    EINVAL_IS(yolanda_loop_fd(NULL), -1);
    EINVAL_IS(yolanda_loop_timeout(NULL), -2);
    EINVAL_IS(yolanda_loop_dispatcher(NULL) == NULL, 1);
    EINVAL_IS(yolanda_loop_get_stats(NULL, &stats, sizeof stats), -1);
    EINVAL_IS(yolanda_loop_get_stats(loop, NULL, sizeof stats), -1);
    EINVAL_IS(yolanda_loop_get_stats(loop, &stats, 0), -1);
    EINVAL_IS(yolanda_timer_start(NULL, 0, 0, on_timer, NULL), 0);
    EINVAL_IS(yolanda_timer_start(loop, 0, 0, NULL, NULL), 0);
    EINVAL_IS(yolanda_timer_start(loop, -1, 0, on_timer, NULL), 0);
    EINVAL_IS(yolanda_timer_start(loop, 0, -1, on_timer, NULL), 0);
    EINVAL_IS(yolanda_timer_start(loop, INT64_MAX, 0, on_timer, NULL), 0);
    EINVAL_IS(yolanda_timer_restart(NULL, 1, 0, 0), -1);
    EINVAL_IS(yolanda_timer_restart(loop, 1, -1, 0), -1);
    EINVAL_IS(yolanda_timer_stop(NULL, 1), -1);
    EINVAL_IS(yolanda_timer_remaining(NULL, 1), -1);
    /* No line for quit, which signal handlers call. */
    CHECK_INT(err_lines(), 11);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
