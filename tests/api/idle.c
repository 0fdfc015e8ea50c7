/* The callback before a time limit closes a connection, and the direction of the bytes that count. */
#include "connection_aid.h"

#include "lib/tcp_server.h"

enum { LIMIT = 20 };

static int asked, answers; /* how often the callback keeps the connection */
static void (*in_idle)(struct tcp_connection *);

static int is_idle(struct tcp_connection *one, void *data)
{
    CHECK(data == &asked);
    CHECK_INT(closed, 0);
    CHECK(pthread_equal(one->eventLoop->owner_thread_id, pthread_self()));
    asked++;
    if (in_idle != NULL) {
        in_idle(one);
    }
    return answers-- > 0;
}

static void has_completed(struct tcp_connection *one, void *data)
{
    (void)data;
    conn = one;
}

static void has_message(struct tcp_connection *one, struct buffer *bytes, void *data)
{
    (void)one, (void)data;
    messages++;
    bytes->readIndex = bytes->writeIndex;
}

static void has_closed(struct tcp_connection *one, void *data)
{
    (void)data;
    error_at_closed = yolanda_connection_error(one);
    closed++;
}

static struct yolanda_callbacks with_idle(void)
{
    return (struct yolanda_callbacks){ .size = sizeof(struct yolanda_callbacks), .data = &asked,
                                       .completed = has_completed, .message = has_message,
                                       .closed = has_closed, .idle = is_idle };
}

static void connect_with(struct yolanda_callbacks callbacks)
{
    int fd[2];
    if (loop == NULL) {
        loop = yolanda_loop_new("test", NULL);
    }
    make_sockets(fd);
    peer = fd[1];
    conn = yolanda_connection_new(loop, fd[0], &callbacks);
    NEED(conn != NULL);
    asked = answers = messages = closed = 0;
    error_at_closed = -1;
}

static void over(void)
{
    close(peer);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(asked_before_the_close)
{
    for (int i = 0; i < 3; i++) {
        connect_with(with_idle());
        answers = 3;
        queue(1 << 20); /* for the third limit */
        CHECK_INT(yolanda_connection_set_timeouts(conn, i == 0 ? LIMIT : 0, i == 1 ? LIMIT : 0,
                                                  i == 2 ? LIMIT : 0), 0);
        UNTIL(asked == 3);
        CHECK_INT(closed, 0);
        CHECK_INT(yolanda_connection_is_open(conn), 1);
        UNTIL(closed == 1);
        CHECK_INT(asked, 4);
        CHECK_INT(error_at_closed, ETIMEDOUT);
        close(peer);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(without_the_callback_it_closes)
{
    struct yolanda_callbacks callbacks = with_idle();
    callbacks.size = offsetof(struct yolanda_callbacks, idle); /* an older program's */
    connect_with(callbacks);
    CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    CHECK_INT(asked, 0);
    over();
}

static void ping(struct tcp_connection *one)
{
    CHECK_INT(tcp_connection_send_data(one, "ping", 4), 4);
}

static void close_it(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_close(one), 0);
}

static void no_limits(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_set_timeouts(one, 0, 0, 0), 0);
}

static void run_the_loop(struct tcp_connection *one)
{
    in_idle = close_it; /* if it is asked again meanwhile */
    CHECK_INT(yolanda_connection_close(one), 0);
    UNTIL(closed == 1);
}

static int passed;

static void pass(struct event_loop *of, yolanda_timer timer, void *data)
{
    (void)of, (void)timer, (void)data;
    passed++;
}

CASE(what_the_callback_may_do)
{
    /* It sends: the peer is asked for a sign of life. */
    connect_with(with_idle());
    in_idle = ping;
    answers = 2;
    CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
    UNTIL(closed == 1);
    CHECK_INT(asked, 3);
    char bytes[32];
    CHECK_INT(recv(peer, bytes, sizeof bytes, 0), 12);
    close(peer);
    /* It closes, whatever it returns. */
    for (int i = 0; i <= 1; i++) {
        connect_with(with_idle());
        in_idle = close_it;
        answers = i;
        CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
        UNTIL(closed == 1);
        CHECK_INT(asked, 1);
        CHECK_INT(error_at_closed, ECANCELED);
        close(peer);
    }
    /* It does so, and runs the loop. */
    for (int i = 0; i <= 1; i++) {
        connect_with(with_idle());
        in_idle = run_the_loop;
        answers = i;
        CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
        UNTIL(closed == 1);
        CHECK_INT(asked, 1);
        close(peer);
    }
    /* It ends the limits: it isn't asked again. */
    connect_with(with_idle());
    in_idle = no_limits;
    answers = 1;
    CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
    UNTIL(asked == 1);
    CHECK(yolanda_timer_start(loop, 3 * LIMIT, 0, pass, NULL) != 0);
    UNTIL(passed == 1);
    CHECK_INT(asked, 1);
    CHECK_INT(closed, 0);
    over();
}

CASE(the_time_of_close_after_send_is_not_asked_about)
{
    connect_with(with_idle());
    answers = 1000;
    queue(1 << 20);
    CHECK_INT(yolanda_connection_close_after_send(conn, LIMIT), 0);
    UNTIL(closed == 1);
    CHECK_INT(asked, 0);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    over();
}

/* Bytes come or go all the time, in one direction. */
static int busy_until(int direction, int incoming)
{
    connect_with(with_idle());
    CHECK_INT(yolanda_connection_set_idle_direction(conn, direction), 0);
    CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
    answers = 1000;
    char bytes[4096];
    for (long long end = now_ms() + SECONDS * 1000; asked == 0 && now_ms() < end;) {
        if (incoming) {
            say("x");
        } else if (recv(peer, bytes, sizeof bytes, MSG_DONTWAIT) != 0) {
            CHECK_INT(tcp_connection_send_data(conn, "x", 1), 1);
        }
        yolanda_loop_run_once(loop, 1);
        usleep(1000);
    }
    int result = asked;
    close(peer);
    UNTIL(closed == 1);
    return result;
}

CASE(only_one_direction_counts)
{
    CHECK_INT(busy_until(YOLANDA_IDLE_RECEIVED, 0), 1);
    CHECK_INT(busy_until(YOLANDA_IDLE_SENT, 1), 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(the_stamp_of_the_direction_that_counts)
{
    /* Both directions are silent: each of the settings closes the connection. */
    for (int direction = YOLANDA_IDLE_BOTH; direction <= YOLANDA_IDLE_SENT; direction++) {
        connect_with(with_idle());
        CHECK_INT(yolanda_connection_set_timeouts(conn, LIMIT, 0, 0), 0);
        CHECK_INT(yolanda_connection_set_idle_direction(conn, direction), 0);
        UNTIL(closed == 1);
        CHECK_INT(asked, 1);
        close(peer);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(of_servers_and_clients)
{
    char address[64];
    struct yolanda_callbacks callbacks = with_idle();
    loop = yolanda_loop_new("test", NULL);
    struct TCPserver *server = yolanda_server_new(loop, "127.0.0.1:0", NULL, NULL, NULL, NULL, 0);
    NEED(server != NULL);
    CHECK_INT(yolanda_server_set_callbacks(server, &callbacks), 0);
    CHECK_INT(yolanda_server_set_timeouts(server, LIMIT, 0, 0), 0);
    CHECK_INT(yolanda_server_set_idle_direction(server, YOLANDA_IDLE_RECEIVED), 0);
    FAILS(yolanda_server_set_idle_direction(server, 3), EINVAL);
    FAILS(yolanda_server_set_idle_direction(NULL, 0), EINVAL);
    CHECK_INT(yolanda_server_start(server), 0);
    CHECK_INT(yolanda_server_address(server, address, sizeof address), 0);
    struct yolanda_client *client = yolanda_client_new(loop, address, NULL, NULL, NULL, NULL);
    NEED(client != NULL);
    CHECK_INT(yolanda_client_set_idle_direction(client, YOLANDA_IDLE_SENT), 0);
    FAILS(yolanda_client_set_idle_direction(client, -1), EINVAL);
    FAILS(yolanda_client_set_idle_direction(NULL, 0), EINVAL);
    CHECK_INT(yolanda_client_start(client), 0);
    UNTIL(asked == 1);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    CHECK_INT(yolanda_client_free(client), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_another_thread(void *data)
{
    (void)data;
    FAILS(yolanda_connection_set_idle_direction(conn, YOLANDA_IDLE_BOTH), EPERM);
}

CASE(arguments)
{
    connect_with(with_idle());
    FAILS(yolanda_connection_set_idle_direction(conn, 3), EINVAL);
    CHECK_TEXT(yolanda_last_error(), "no direction has the number 3");
    FAILS(yolanda_connection_set_idle_direction(NULL, 0), EINVAL);
    on_thread(on_another_thread, NULL);
    conn = yolanda_connection_retain(conn);
    CHECK_INT(yolanda_connection_close(conn), 0);
    FAILS(yolanda_connection_set_idle_direction(conn, YOLANDA_IDLE_BOTH), ENOTCONN);
    UNTIL(closed == 1);
    CHECK_INT(yolanda_connection_release(conn), 0);
    over();
}
