/* yolanda.h, connections: references, what stays of a closed connection, user data, addresses,
 * options, closing. */
#include "connection_aid.h"

/* Every call for a closed connection fails in the same way; its properties can still be read. */
static void check_closed(const char *name, uint64_t id, int error)
{
    char text[128];
    struct buffer *buffer = buffer_new();
    buffer_append_string(buffer, "late");
    CHECK_INT(yolanda_connection_is_open(conn), 0);
    CHECK_INT(yolanda_connection_error(conn), error);
    CHECK(yolanda_connection_id(conn) == id);
    CHECK_TEXT(conn->name, name);
    CHECK(conn->data == &conn);
    CHECK(yolanda_connection_user_data(conn) == &destroyed);
    FAILS(tcp_connection_send_data(conn, "late", 4), ENOTCONN);
    FAILS(tcp_connection_send_buffer(conn, buffer), ENOTCONN);
    FAILS(tcp_connection_send_buffer(conn, conn->output_buffer), ENOTCONN);
    FAILS(yolanda_connection_close(conn), ENOTCONN);
    FAILS(yolanda_connection_close_after_send(conn, 10), ENOTCONN);
    FAILS(yolanda_connection_set_user_data(conn, NULL, NULL), ENOTCONN);
    FAILS(yolanda_connection_peer(conn, text, sizeof text), ENOTCONN);
    FAILS(yolanda_connection_local(conn, text, sizeof text), ENOTCONN);
    FAILS(yolanda_connection_set_nodelay(conn, 1), ENOTCONN);
    FAILS(yolanda_connection_set_keepalive(conn, 1, 1, 1), ENOTCONN);
    FAILS(yolanda_connection_pause(conn), ENOTCONN);
    FAILS(yolanda_connection_resume(conn), ENOTCONN);
    FAILS(yolanda_connection_set_water_marks(conn, 1, 2, NULL, NULL), ENOTCONN);
    FAILS(yolanda_connection_set_limits(conn, 1, 1, YOLANDA_LIMIT_REFUSE), ENOTCONN);
    FAILS(yolanda_connection_set_timeouts(conn, 1, 1, 1), ENOTCONN);
    FAILS(channel_write_event_enable(conn->channel), ENOENT);
    tcp_connection_shutdown(conn);
    CHECK_INT(buffer_readable_size(buffer), 4);
    buffer_free(buffer);
}

static void give_data(struct tcp_connection *one)
{
    one->data = &conn;
    CHECK_INT(yolanda_connection_set_user_data(one, &destroyed, on_destroy), 0);
}

static void check_closed_elsewhere(void *error)
{
    char name[32];
    snprintf(name, sizeof name, "connection-%d", conn->channel->fd);
    check_closed(name, yolanda_connection_id(conn), *(int *)error);
}

static void release_it(void *data)
{
    (void)data;
    CHECK_INT(yolanda_connection_release(conn), 0);
}

/* A retained connection outlives its end; each call then is an error, on every thread. */
CASE(a_closed_connection_that_is_kept)
{
    char name[32];
    int none = 0;
    in_completed = give_data;
    set_up();
    int fd = conn->channel->fd;
    snprintf(name, sizeof name, "connection-%d", fd);
    uint64_t id = yolanda_connection_id(conn);
    CHECK(yolanda_connection_retain(conn) == conn);
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    CHECK_INT(yolanda_connection_error(conn), 0);
    close(peer);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(error_at_closed, 0);
    CHECK(fcntl(fd, F_GETFD) < 0);
    CHECK_INT(buffer_readable_size(conn->input_buffer), 0);
    CHECK_INT(buffer_readable_size(conn->output_buffer), 0);
    check_closed(name, id, 0);
    on_thread(check_closed_elsewhere, &none);
    settle();
    CHECK_INT(destroyed, 0);
    CHECK_INT(yolanda_connection_release(conn), 0);
    CHECK_INT(destroyed, 1);
    settle();
    CHECK_INT(destroyed, 1);
    CHECK_INT(closed, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* What was queued and what was unread goes with the end, not with the last reference. */
CASE(the_buffers_of_a_kept_connection)
{
    keeps = 1;
    set_up_local();
    CHECK(yolanda_connection_retain(conn) == conn);
    queue(100000);
    say("unread");
    UNTIL(got == 6);
    CHECK_INT(yolanda_connection_close(conn), 0);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(buffer_readable_size(conn->output_buffer), 0);
    CHECK_INT(buffer_readable_size(conn->input_buffer), 0);
    CHECK_INT(conn->output_buffer->total_size, 0);
    CHECK_INT(conn->input_buffer->total_size, 0);
    CHECK_TEXT(conn->input_buffer->data, "");
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_TEXT(conn->input_buffer->data, "");
    CHECK_INT(yolanda_connection_release(conn), 0);
}

/* The same while it is closing: from the closed callback on. */
static void closed_callback_checks(struct tcp_connection *one)
{
    char name[32];
    snprintf(name, sizeof name, "connection-%d", one->channel->fd);
    check_closed(name, yolanda_connection_id(one), 0);
    CHECK(fcntl(one->channel->fd, F_GETFD) >= 0);
}

CASE(calls_in_the_closed_callback)
{
    in_completed = give_data;
    in_closed = closed_callback_checks;
    set_up();
    close(peer);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(destroyed, 1);
}

/* References are counted; the destructor runs on the thread that lets go last. */
CASE(the_last_reference)
{
    in_completed = give_data;
    set_up();
    for (int i = 0; i < 3; i++) {
        CHECK(yolanda_connection_retain(conn) == conn);
    }
    CHECK_INT(yolanda_connection_release(conn), 0);
    say("x");
    UNTIL(messages == 1);
    close(peer);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(yolanda_connection_release(conn), 0);
    CHECK_INT(destroyed, 0);
    pthread_t other = start_thread(release_it, NULL);
    join(other);
    CHECK_INT(destroyed, 1);
    CHECK(pthread_equal(destroyed_on, other));
    CHECK(pthread_equal(closed_on, pthread_self()));
}

/* References that go before the end leave the rest to the loop's pass. */
CASE(released_before_the_end)
{
    in_completed = give_data;
    set_up();
    CHECK(yolanda_connection_retain(conn) == conn);
    on_thread(release_it, NULL);
    CHECK_INT(destroyed, 0);
    close(peer);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(destroyed, 1);
    CHECK(pthread_equal(destroyed_on, pthread_self()));
}

static void released_inside(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_release(one), 0);
    CHECK_INT(destroyed, 0); /* the library still has it */
}

CASE(released_in_the_closed_callback)
{
    in_completed = give_data;
    in_closed = released_inside;
    set_up();
    CHECK(yolanda_connection_retain(conn) == conn);
    close(peer);
    UNTIL(destroyed == 1);
    settle();
    CHECK_INT(destroyed, 1);
}

/* A release too many is an error as long as the connection lives. */
CASE(a_release_too_many)
{
    set_up();
    out_mark();
    FAILS(yolanda_connection_release(conn), EINVAL);
    CHECK_INT(err_lines(), 1);
    CHECK(yolanda_connection_retain(conn) == conn);
    CHECK_INT(yolanda_connection_release(conn), 0);
    FAILS(yolanda_connection_release(conn), EINVAL);
    say("x");
    UNTIL(messages == 1);
}

/* Memory comes back: 20,000 connections one after the other, a few of them kept for a while. */
CASE(kept_connections_are_freed)
{
    struct tcp_connection *kept[16] = { NULL };
    struct yolanda_loop_stats stats;
    for (int i = 0; i < 20000; i++) {
        int fd[2];
        closed = connections = 0;
        make_sockets(fd);
        connect_on(fd[0], fd[1]);
        if (i % 3 == 0) {
            int at = i / 3 % 16;
            if (kept[at] != NULL) {
                CHECK_INT(yolanda_connection_release(kept[at]), 0);
            }
            kept[at] = yolanda_connection_retain(conn);
        }
        close(peer);
        for (int pass = 0; closed == 0 && pass < 100; pass++) {
            yolanda_loop_run_once(loop, 10);
        }
        NEED(closed == 1);
    }
    for (int at = 0; at < 16; at++) {
        CHECK_INT(yolanda_connection_is_open(kept[at]), 0);
        CHECK_INT(yolanda_connection_release(kept[at]), 0);
    }
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.connections, 0);
    CHECK_INT(stats.connections_total, 20000);
}

/* Numbers are never used again, descriptors are. */
CASE(numbers)
{
    uint64_t before = 0;
    int same_fd = -1;
    for (int i = 0; i < 50; i++) {
        closed = connections = 0;
        set_up();
        uint64_t id = yolanda_connection_id(conn);
        CHECK(id > before);
        before = id;
        CHECK(i < 2 || conn->channel->fd == same_fd); /* the loop came in between */
        same_fd = conn->channel->fd;
        close(peer);
        UNTIL(closed == 1);
        settle();
    }
}

/* Outlives its loop: calls are errors, the destructor still runs, once. */
CASE(the_loop_is_freed)
{
    int shut_down = ESHUTDOWN;
    in_completed = give_data;
    set_up();
    CHECK(yolanda_connection_retain(conn) == conn);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(closed, 1);
    CHECK_INT(error_at_closed, ESHUTDOWN);
    CHECK_INT(destroyed, 0);
    check_closed_elsewhere(&shut_down);
    on_thread(check_closed_elsewhere, &shut_down);
    on_thread(release_it, NULL);
    CHECK_INT(destroyed, 1);
}

/* User data: the old one is freed when it is replaced. */
CASE(user_data)
{
    int error = ENOTCONN;
    set_up();
    CHECK(yolanda_connection_user_data(conn) == NULL);
    CHECK_INT(yolanda_connection_set_user_data(conn, &destroyed, on_destroy), 0);
    CHECK_INT(yolanda_connection_set_user_data(conn, &destroyed, on_destroy), 0);
    CHECK_INT(destroyed, 1);
    CHECK(yolanda_connection_user_data(conn) == &destroyed);
    CHECK(conn->data == NULL);
    CHECK_INT(yolanda_connection_set_user_data(conn, &error, NULL), 0);
    CHECK_INT(destroyed, 2);
    CHECK(yolanda_connection_user_data(conn) == &error);
    CHECK_INT(yolanda_connection_set_user_data(conn, NULL, NULL), 0);
    CHECK_INT(destroyed, 2);
    CHECK_INT(yolanda_connection_set_user_data(conn, &destroyed, on_destroy), 0);
    close(peer);
    UNTIL(closed == 1);
    settle();
    CHECK_INT(destroyed, 3);
}

/* Destructors may use the library. */
static struct tcp_connection *another;
static void closes_another(void *data)
{
    (void)data;
    destroyed++;
    CHECK_INT(yolanda_connection_close(another), 0);
}

CASE(a_destructor_that_closes_another)
{
    set_up();
    another = conn;
    int first_peer = peer;
    set_up();
    CHECK_INT(yolanda_connection_set_user_data(conn, NULL, closes_another), 0);
    reset();
    UNTIL(destroyed == 1 && closed == 2);
    CHECK_INT(error_at_closed, ECANCELED);
    close(first_peer);
}

/* Neither a closed callback nor a destructor can free the loop that calls it, whichever pass is the
 * last: the first closes the second, which is closed as the loop ends. */
static void is_busy(void *data)
{
    (void)data;
    destroyed++;
    FAILS(yolanda_loop_free(loop), EBUSY);
}

static void close_the_other_and_quit(struct tcp_connection *one)
{
    FAILS(yolanda_loop_free(loop), EBUSY);
    if (one != another) {
        CHECK_INT(yolanda_connection_close(another), 0);
        CHECK_INT(yolanda_loop_quit(loop), 0);
    }
}

CASE(freeing_the_loop_from_the_last_callbacks)
{
    in_closed = close_the_other_and_quit;
    set_up();
    another = conn;
    CHECK_INT(yolanda_connection_set_user_data(conn, NULL, is_busy), 0);
    set_up();
    CHECK_INT(yolanda_connection_set_user_data(conn, NULL, is_busy), 0);
    CHECK_INT(yolanda_connection_close(conn), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(closed, 2);
    CHECK_INT(destroyed, 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* --- closing ------------------------------------------------------------- */

/* Nothing is called within; the closed callback comes from the pass; what was queued is dropped. */
CASE(closing)
{
    in_completed = give_data;
    set_up();
    queue(100000);
    say("nobody hears this");
    within = 1;
    CHECK_INT(yolanda_connection_close(conn), 0);
    within = 0;
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_is_open(conn), 0);
    CHECK_INT(yolanda_connection_error(conn), ECANCELED);
    FAILS(yolanda_connection_close(conn), ENOTCONN);
    FAILS(yolanda_connection_close_after_send(conn, 1), ENOTCONN);
    FAILS(tcp_connection_send_data(conn, "late", 4), ENOTCONN);
    FAILS(yolanda_connection_pause(conn), ENOTCONN);
    UNTIL(closed == 1);
    CHECK_INT(messages, 0);
    CHECK_INT(error_at_closed, ECANCELED);
    settle();
    CHECK_INT(destroyed, 1);
}

static void close_it(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_close(one), 0);
    CHECK_INT(closed, 0);
}

CASE(closing_in_the_message_callback)
{
    static char much[300000];
    in_message = close_it;
    set_up();
    send(peer, much, sizeof much, MSG_DONTWAIT);
    UNTIL(closed == 1);
    CHECK_INT(messages, 1);
}

CASE(closing_in_the_completed_callback)
{
    in_completed = close_it;
    set_up();
    say("too late");
    CHECK_INT(closed, 0);
    UNTIL(closed == 1);
    CHECK_INT(messages, 0);
    CHECK_INT(error_at_closed, ECANCELED);
}

CASE(closing_in_the_write_completed_callback)
{
    in_written = close_it;
    set_up();
    queue(100000);
    UNTIL(drain() >= 0 && closed == 1);
    CHECK_INT(written, 1);
}

static void close_elsewhere(void *result)
{
    *(int *)result = yolanda_connection_close(conn) == 0 ? 1 : errno == ENOTCONN ? 0 : -1;
}

/* Another thread closes it: one of them does, the callback runs on the loop's thread. */
CASE(closing_on_other_threads)
{
    for (int round = 0; round < 200; round++) {
        int did[4];
        pthread_t thread[4];
        closed = connections = 0;
        set_up();
        CHECK(yolanda_connection_retain(conn) == conn);
        for (int i = 0; i < 4; i++) {
            thread[i] = start_thread(close_elsewhere, &did[i]);
        }
        UNTIL(closed == 1);
        CHECK(pthread_equal(closed_on, pthread_self()));
        CHECK_INT(error_at_closed, ECANCELED);
        int sum = 0;
        for (int i = 0; i < 4; i++) {
            join(thread[i]);
            sum += did[i];
            CHECK(did[i] >= 0);
        }
        CHECK_INT(sum, 1);
        close(peer);
        settle();
        CHECK_INT(yolanda_connection_release(conn), 0);
    }
}

/* --- why ------------------------------------------------------------------ */

CASE(reset_by_the_peer)
{
    set_up();
    reset();
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ECONNRESET);
}

CASE(reset_while_output_is_stuck)
{
    set_up();
    queue(100000);
    reset();
    UNTIL(closed == 1);
    CHECK(error_at_closed == ECONNRESET || error_at_closed == EPIPE);
}

CASE(an_end_in_order)
{
    set_up();
    tcp_connection_shutdown(conn);
    settle();
    CHECK_INT(drain(), -1);
    shutdown(peer, SHUT_WR);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
}

CASE(the_program_closed_the_descriptor)
{
    set_up();
    int fd = conn->channel->fd;
    if (on_epoll()) {
        /* epoll also tells when the number has another file by now. */
        NEED(dup2(peer, fd) == fd);
        channel_write_event_enable(conn->channel);
    } else {
        close(fd);
    }
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, EBADF);
    CHECK(fcntl(fd, F_GETFD) >= 0 || !on_epoll());
}

/* --- after what is queued ---------------------------------------------------- */

/* All of it arrives, then the end; the peer's own end closes it. */
CASE(closing_after_the_queue)
{
    set_up();
    queue(3000000);
    long long all = 0;
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    all = stats.bytes_written + queued();
    CHECK_INT(yolanda_connection_close_after_send(conn, 60000), 0);
    CHECK_INT(yolanda_connection_close_after_send(conn, 50000), 0);
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    FAILS(tcp_connection_send_data(conn, "late", 4), EPIPE);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("what arrives now is dropped");
    int end = 0;
    UNTIL((end = drain()) < 0);
    CHECK(drained == all);
    settle();
    CHECK_INT(closed, 0);
    close(peer);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(messages, 0);
}

/* Paused before: what had come is dropped, and the peer's end is seen. */
CASE(closing_after_the_queue_while_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("nobody reads this");
    settle();
    CHECK_INT(yolanda_connection_close_after_send(conn, 60000), 0);
    UNTIL(drain() < 0);
    close(peer);
    UNTIL(closed == 1);
    CHECK_INT(messages, 0);
    CHECK_INT(error_at_closed, 0);
}

/* A peer that never reads, and one that never ends: cut at the limit, not before. */
CASE(closing_after_the_queue_is_cut)
{
    for (int what = 0; what < 2; what++) {
        closed = connections = 0;
        set_up();
        if (what == 0) {
            queue(100000);
        }
        long long start = now_ms();
        CHECK_INT(yolanda_connection_close_after_send(conn, 150), 0);
        UNTIL(closed == 1);
        CHECK(now_ms() - start >= 150);
        CHECK_INT(error_at_closed, ETIMEDOUT);
        close(peer);
    }
}

/* The earlier end counts, whichever call has it. */
CASE(closing_after_the_queue_twice)
{
    for (int what = 0; what < 2; what++) {
        closed = connections = 0;
        set_up();
        long long start = now_ms();
        CHECK_INT(yolanda_connection_close_after_send(conn, what == 0 ? 100 : 3600000), 0);
        settle();
        CHECK_INT(yolanda_connection_close_after_send(conn, what == 0 ? 3600000 : 100), 0);
        UNTIL(closed == 1);
        CHECK(now_ms() - start >= 100);
        close(peer);
    }
}

CASE(closing_after_the_queue_at_once)
{
    set_up();
    queue(100000);
    CHECK_INT(yolanda_connection_close_after_send(conn, 0), 0);
    CHECK_INT(closed, 0);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    FAILS(yolanda_connection_close_after_send(NULL, 0), EINVAL);
}

/* Cut by force while it waits. */
CASE(closing_after_closing_after_the_queue)
{
    set_up();
    queue(100000);
    FAILS(yolanda_connection_close_after_send(conn, -1), EINVAL);
    CHECK_INT(yolanda_connection_close_after_send(conn, INT64_MAX), 0);
    settle();
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_close(conn), 0);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ECANCELED);
}

static void finish_elsewhere(void *data)
{
    (void)data;
    CHECK_INT(tcp_connection_send_data(conn, "last ", 5), 0);
    CHECK_INT(tcp_connection_send_data(conn, "words", 5), 0);
    CHECK_INT(yolanda_connection_close_after_send(conn, 60000), 0);
    FAILS(tcp_connection_send_data(conn, "late", 4), EPIPE);
}

/* On another thread: behind what that thread has sent. */
CASE(closing_after_the_queue_elsewhere)
{
    char text[32] = "";
    set_up();
    CHECK(yolanda_connection_retain(conn) == conn);
    on_thread(finish_elsewhere, NULL);
    settle();
    CHECK_INT(recv(peer, text, sizeof text, MSG_DONTWAIT), 10);
    CHECK_TEXT(text, "last words");
    CHECK_INT(recv(peer, text, sizeof text, MSG_DONTWAIT), 0);
    CHECK_INT(closed, 0);
    close(peer);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(yolanda_connection_release(conn), 0);
}

static void finish_inside(struct tcp_connection *one)
{
    CHECK(tcp_connection_send_data(one, "bye", 3) >= 0);
    CHECK_INT(yolanda_connection_close_after_send(one, 60000), 0);
}

CASE(closing_after_the_queue_in_the_completed_callback)
{
    char text[32] = "";
    in_completed = finish_inside;
    set_up();
    settle();
    CHECK_INT(recv(peer, text, sizeof text, MSG_DONTWAIT), 3);
    CHECK_INT(recv(peer, text, sizeof text, MSG_DONTWAIT), 0);
    shutdown(peer, SHUT_WR);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
}

/* --- addresses and options --------------------------------------------------- */

static void check_addresses(const char *form)
{
    char mine[128], theirs[128], want[128];
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    NEED(getsockname(peer, (struct sockaddr *)&at, &len) == 0);
    CHECK_INT(yolanda_connection_peer(conn, theirs, sizeof theirs), 0);
    snprintf(want, sizeof want, form, ntohs(((struct sockaddr_in *)&at)->sin_port));
    CHECK_TEXT(theirs, want);
    len = sizeof at;
    NEED(getpeername(peer, (struct sockaddr *)&at, &len) == 0);
    CHECK_INT(yolanda_connection_local(conn, mine, sizeof mine), 0);
    snprintf(want, sizeof want, form, ntohs(((struct sockaddr_in *)&at)->sin_port));
    CHECK_TEXT(mine, want);
    /* To the byte. */
    size_t size = strlen(mine) + 1;
    memset(mine, '!', sizeof mine);
    CHECK_INT(yolanda_connection_local(conn, mine, size), 0);
    CHECK_TEXT(mine, want);
    CHECK_INT(mine[size], '!');
    FAILS(yolanda_connection_local(conn, mine, size - 1), ENAMETOOLONG);
    FAILS(yolanda_connection_peer(conn, mine, 0), ENAMETOOLONG);
    FAILS(yolanda_connection_peer(conn, NULL, 100), EINVAL);
}

static void check_v4_elsewhere(void *data)
{
    (void)data;
    check_addresses("127.0.0.1:%d");
}

CASE(addresses)
{
    int fd[2];
    set_up();
    check_addresses("127.0.0.1:%d");
    on_thread(check_v4_elsewhere, NULL);
    tcp_pair_of(AF_INET6, fd);
    connect_on(fd[0], fd[1]);
    check_addresses("[::1]:%d");
}

CASE(addresses_of_unix_sockets)
{
    char text[128];
    set_up_local();
    CHECK_INT(yolanda_connection_peer(conn, text, sizeof text), 0);
    CHECK_TEXT(text, "unix:");
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "yolanda-test-%d", (int)getpid());
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(bind(listener, (struct sockaddr *)&name, len) == 0 && listen(listener, 1) == 0);
    NEED(connect(client, (struct sockaddr *)&name, len) == 0);
    connect_on(client, accept(listener, NULL, NULL));
    char want[160];
    snprintf(want, sizeof want, "unix:@%s", name.sun_path + 1);
    CHECK_INT(yolanda_connection_peer(conn, text, sizeof text), 0);
    CHECK_TEXT(text, want);
    CHECK_INT(yolanda_connection_local(conn, text, sizeof text), 0);
    CHECK_TEXT(text, "unix:");
    FAILS(yolanda_connection_set_nodelay(conn, 1), EOPNOTSUPP);
    FAILS(yolanda_connection_set_keepalive(conn, 1, 1, 1), EOPNOTSUPP);
}

CASE(no_socket)
{
    char text[128];
    int fd[2];
    make_pipe(fd);
    connect_on(fd[0], fd[1]);
    FAILS(yolanda_connection_peer(conn, text, sizeof text), ENOTSOCK);
    FAILS(yolanda_connection_set_nodelay(conn, 1), ENOTSOCK);
    FAILS(yolanda_connection_set_keepalive(conn, 1, 1, 1), ENOTSOCK);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("x");
    settle();
    CHECK_INT(messages, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(messages == 1);
    CHECK_INT(yolanda_connection_close(conn), 0);
    UNTIL(closed == 1);
}

static int option(int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    NEED(getsockopt(conn->channel->fd, level, name, &value, &len) == 0);
    return value;
}

CASE(options)
{
    set_up();
    CHECK_INT(yolanda_connection_set_nodelay(conn, 7), 0);
    CHECK_INT(option(IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_INT(yolanda_connection_set_nodelay(conn, 0), 0);
    CHECK_INT(option(IPPROTO_TCP, TCP_NODELAY), 0);
    CHECK_INT(yolanda_connection_set_keepalive(conn, 61, 13, 4), 0);
    CHECK_INT(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_INT(option(IPPROTO_TCP, TCP_KEEPIDLE), 61);
    CHECK_INT(option(IPPROTO_TCP, TCP_KEEPINTVL), 13);
    CHECK_INT(option(IPPROTO_TCP, TCP_KEEPCNT), 4);
    CHECK_INT(yolanda_connection_set_keepalive(conn, 62, 0, 0), 0);
    CHECK_INT(option(IPPROTO_TCP, TCP_KEEPIDLE), 62);
    CHECK_INT(option(IPPROTO_TCP, TCP_KEEPINTVL), 13);
    CHECK_INT(yolanda_connection_set_keepalive(conn, 0, 0, 0), 0);
    CHECK_INT(option(SOL_SOCKET, SO_KEEPALIVE), 0);
    FAILS(yolanda_connection_set_keepalive(conn, -1, 0, 0), EINVAL);
    FAILS(yolanda_connection_set_keepalive(conn, 32768, 0, 0), EINVAL);
    FAILS(yolanda_connection_set_keepalive(conn, 1, -1, 0), EINVAL);
    FAILS(yolanda_connection_set_keepalive(conn, 1, 0, 128), EINVAL);
    CHECK_INT(yolanda_connection_set_keepalive(conn, 32767, 32767, 127), 0);
}

/* --- bad input -------------------------------------------------------------------- */

/* What only the loop's thread may call. */
static void calls_elsewhere(void *data)
{
    (void)data;
    FAILS(yolanda_connection_set_user_data(conn, NULL, NULL), EPERM);
    FAILS(yolanda_connection_set_nodelay(conn, 1), EPERM);
    FAILS(yolanda_connection_set_keepalive(conn, 1, 1, 1), EPERM);
    FAILS(yolanda_connection_pause(conn), EPERM);
    FAILS(yolanda_connection_resume(conn), EPERM);
    FAILS(yolanda_connection_set_water_marks(conn, 1, 2, NULL, NULL), EPERM);
    FAILS(yolanda_connection_set_limits(conn, 0, 0, YOLANDA_LIMIT_CLOSE), EPERM);
    FAILS(yolanda_connection_set_timeouts(conn, 1, 1, 1), EPERM);
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    CHECK_INT(yolanda_connection_error(conn), 0);
}

CASE(the_wrong_thread)
{
    set_up();
    on_thread(calls_elsewhere, NULL);
    say("x");
    UNTIL(messages == 1);
}

CASE(no_connection)
{
    char text[16];
    int lines = 0;
#define NONE(call)                                                                                 \
    do {                                                                                           \
        out_mark();                                                                                \
        FAILS(call, EINVAL);                                                                       \
        CHECK_INT(err_lines(), 1);                                                                 \
        lines++;                                                                                   \
    } while (0)
    NONE(yolanda_connection_release(NULL));
    NONE(yolanda_connection_is_open(NULL));
    NONE(yolanda_connection_error(NULL));
    NONE(yolanda_connection_close(NULL));
    NONE(yolanda_connection_close_after_send(NULL, 1));
    NONE(yolanda_connection_set_user_data(NULL, NULL, NULL));
    NONE(yolanda_connection_peer(NULL, text, sizeof text));
    NONE(yolanda_connection_local(NULL, text, sizeof text));
    NONE(yolanda_connection_set_nodelay(NULL, 1));
    NONE(yolanda_connection_set_keepalive(NULL, 1, 1, 1));
    NONE(yolanda_connection_pause(NULL));
    NONE(yolanda_connection_resume(NULL));
    NONE(yolanda_connection_set_water_marks(NULL, 1, 2, NULL, NULL));
    NONE(yolanda_connection_set_limits(NULL, 1, 1, YOLANDA_LIMIT_CLOSE));
    NONE(yolanda_connection_set_timeouts(NULL, 1, 1, 1));
    CHECK_INT(lines, 15);
    errno = 0;
    CHECK(yolanda_connection_retain(NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK(yolanda_connection_id(NULL) == 0);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK(yolanda_connection_user_data(NULL) == NULL);
    CHECK_INT(errno, EINVAL);
}
