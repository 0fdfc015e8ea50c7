/* client_states.c - clients that are stopped, freed or started again in every state and callback. */
#include "client_aid.h"

static char address[64];
static int listener, peer, base;

static void stop(void)
{
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK_INT(yolanda_client_stop(client), -1);
    CHECK_INT(errno, EALREADY);
}

static void set_free(void)
{
    CHECK_INT(yolanda_client_free(client), 0);
    client = NULL;
}

static void restart(void)
{
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    CHECK_INT(yolanda_client_is_active(client), 1);
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EALREADY);
}

static void free_loop(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
    loop = NULL;
    client = NULL;
}

/* --- the states: each leaves `client` in one --- */

static void start(const char *where)
{
    make_loop();
    base = open_fds();
    new_client(where);
    CHECK_INT(yolanda_client_set_reconnect(client, 3600000, 3600000, 0), 0);
    CHECK_INT(yolanda_client_start(client), 0);
}

static void connecting(void)
{
    black_hole(address);
    start(address);
    settle();
    CHECK_TEXT(seen, "");
    CHECK_INT(open_fds(), base + 1);
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EALREADY);
}

/* It has failed, but the callback hasn't been called yet. */
static void failed(void)
{
    start("unix:/nowhere/at/all");
    CHECK_TEXT(seen, "");
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EALREADY);
}

static void waiting(void)
{
    start("unix:/nowhere/at/all");
    RUN_UNTIL(times('F') == 1);
    settle();
    CHECK_INT(yolanda_client_is_active(client), 1);
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EALREADY);
}

static void connected(void)
{
    listener = listen_here(address);
    start(address);
    RUN_UNTIL(times('C') == 1);
    peer = take(listener);
    settle();
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EISCONN);
}

/* Stopped, but the connection is still to be closed. */
static void closing(void)
{
    connected();
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK(yolanda_client_connection(client) == NULL);
    CHECK_TEXT(seen, "C");
}

/* Nothing more comes, and no descriptor is left. `more`: those of the peer. */
static void ends_with(const char *want, int more)
{
    settle();
    CHECK_TEXT(seen, want);
    CHECK_INT(open_fds(), base + more);
}

#define IN_STATE(state, action, want, more)                                                        \
    CASE(action##_while_##state)                                                                   \
    {                                                                                              \
        state();                                                                                   \
        action();                                                                                  \
        ends_with(want, more);                                                                     \
    }

IN_STATE(connecting, stop, "", 0)
IN_STATE(connecting, set_free, "", 0)
IN_STATE(failed, stop, "", 0)
IN_STATE(failed, set_free, "", 0)
IN_STATE(waiting, stop, "F", 0)
IN_STATE(waiting, set_free, "F", 0)
IN_STATE(connected, stop, "CX", 1)
IN_STATE(connected, set_free, "CX", 1)
IN_STATE(closing, set_free, "CX", 1)

CASE(restart_while_connecting)
{
    connecting();
    restart();
    ends_with("", 1);
}

CASE(restart_while_failed)
{
    failed();
    restart();
    ends_with("F", 0);
}

CASE(restart_while_waiting)
{
    waiting();
    restart();
    ends_with("FF", 0);
}

/* A pass that only closes counts as having called back: it doesn't wait for more. */
CASE(one_pass_after_stop)
{
    closing();
    CHECK_INT(yolanda_loop_run_once(loop, -1), 1);
    CHECK_TEXT(seen, "CX");
}

/* The old connection's closed callback comes before the new one's completed callback. */
CASE(restart_while_connected)
{
    connected();
    restart();
    RUN_UNTIL(times('C') == 2);
    ends_with("CXC", 2);
    close(peer);
    peer = take(listener);
    is_echoed(peer);
}

CASE(stop_a_restart)
{
    closing();
    CHECK_INT(yolanda_client_start(client), 0);
    stop();
    ends_with("CX", 1);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 2);
}

CASE(free_a_restart)
{
    closing();
    CHECK_INT(yolanda_client_start(client), 0);
    set_free();
    ends_with("CX", 1);
}

CASE(free_while_idle)
{
    make_loop();
    base = open_fds();
    new_client("127.0.0.1:9");
    set_free();
    ends_with("", 0);
}

/* The others go on, in whatever order some are freed; the loop frees the rest. */
CASE(many_are_freed_in_any_order)
{
    enum { COUNT = 60 };
    struct yolanda_client *all[COUNT];
    base = open_fds();
    listener = listen_here(address);
    for (int i = 0; i < COUNT; i++) {
        all[i] = new_client(address);
    }
    for (int i = 0; i < COUNT; i += 3) {
        CHECK_INT(yolanda_client_free(all[i]), 0);
    }
    for (int i = COUNT - 2; i > 0; i -= 3) {
        CHECK_INT(yolanda_client_free(all[i]), 0);
    }
    for (int i = 2; i < COUNT; i += 3) {
        CHECK_INT(yolanda_client_start(all[i]), 0);
    }
    RUN_UNTIL(times('C') == COUNT / 3);
    free_loop();
    CHECK_INT(times('X'), COUNT / 3);
    close(listener);
    CHECK_INT(open_fds(), base);
}

/* The loop's end is that of its clients. */
#define WITH_LOOP(state, want, more)                                                               \
    CASE(loop_freed_while_##state)                                                                 \
    {                                                                                              \
        int before = open_fds(), listeners = 0;                                                    \
        state();                                                                                   \
        listeners = base - before - open_loops_fds;                                                \
        free_loop();                                                                               \
        CHECK_TEXT(seen, want);                                                                    \
        CHECK_INT(open_fds(), before + listeners + (more));                                        \
    }

#define open_loops_fds (on_epoll() ? 3 : 2) /* the back end's own, and the wake-up's pair */

WITH_LOOP(connecting, "", 0)
WITH_LOOP(failed, "", 0)
WITH_LOOP(waiting, "F", 0)
WITH_LOOP(connected, "CX", 1)
WITH_LOOP(closing, "CX", 1)

/* --- inside the callbacks --- */

static void (*action)(void);
static int acted;

static void act(void)
{
    if (acted++ == 0) {
        action();
    }
}

static void act_on(struct tcp_connection *conn)
{
    CHECK(conn == last_conn);
    act();
}

static void from_completed(void (*what)(void))
{
    action = what;
    in_completed = act_on;
    listener = listen_here(address);
    start(address);
    RUN_UNTIL(acted > 0);
    peer = take(listener);
}

/* Sends while the callback hasn't read all: no second message. */
static void from_message(void (*what)(void))
{
    action = what;
    in_message = act_on;
    connected();
    char *many = calloc(1, 1 << 18);
    NEED(write(peer, many, 1 << 18) > 0);
    free(many);
    RUN_UNTIL(acted > 0);
}

static void from_written(void (*what)(void))
{
    static char many[8 << 20], sink[1 << 16];
    action = what;
    in_written = act_on;
    connected();
    NEED(tcp_connection_send_data(last_conn, many, sizeof many) < (int)sizeof many);
    NEED(fcntl(peer, F_SETFL, O_NONBLOCK) == 0);
    for (long long until = now_ms() + SECONDS * 1000; acted == 0 && now_ms() < until;) {
        while (read(peer, sink, sizeof sink) > 0) {
        }
        NEED(yolanda_loop_run_once(loop, 10) >= 0);
    }
    NEED(acted > 0);
}

static void from_closed(void (*what)(void))
{
    action = what;
    in_closed = act_on;
    connected();
    CHECK_INT(yolanda_client_set_reconnect(client, 1, 1, 0), 0);
    close(peer);
    RUN_UNTIL(acted > 0);
    peer = -1;
}

static void from_failed(void (*what)(void))
{
    action = what;
    in_failed = act;
    start("unix:/nowhere/at/all");
    CHECK_INT(yolanda_client_set_reconnect(client, 1, 1, 0), 0);
    RUN_UNTIL(acted > 0);
}

#define IN_CALLBACK(where, what, want, more)                                                       \
    CASE(what##_in_##where)                                                                        \
    {                                                                                              \
        from_##where(what);                                                                        \
        ends_with(want, more);                                                                     \
    }

IN_CALLBACK(completed, stop, "CX", 1)
IN_CALLBACK(completed, set_free, "CX", 1)
IN_CALLBACK(message, stop, "CMX", 1)
IN_CALLBACK(message, set_free, "CMX", 1)
IN_CALLBACK(written, stop, "CWX", 1)
IN_CALLBACK(written, set_free, "CWX", 1)
IN_CALLBACK(closed, stop, "CX", 0)
IN_CALLBACK(closed, set_free, "CX", 0)
IN_CALLBACK(failed, stop, "F", 0)
IN_CALLBACK(failed, set_free, "F", 0)

CASE(restart_in_completed)
{
    from_completed(restart);
    RUN_UNTIL(times('C') == 2);
    ends_with("CXC", 2);
}

CASE(restart_in_message)
{
    from_message(restart);
    RUN_UNTIL(times('C') == 2);
    ends_with("CMXC", 2);
}

CASE(restart_in_written)
{
    from_written(restart);
    RUN_UNTIL(times('C') == 2);
    ends_with("CWXC", 2);
}

CASE(restart_in_closed)
{
    from_closed(restart);
    RUN_UNTIL(times('C') == 2);
    ends_with("CXC", 1);
}

static void restart_slowly(void)
{
    CHECK_INT(yolanda_client_set_reconnect(client, 3600000, 3600000, 0), 0);
    restart();
}

CASE(restart_in_failed)
{
    from_failed(restart_slowly);
    RUN_UNTIL(times('F') == 2);
    ends_with("FF", 0);
}

static void again(void)
{
    CHECK_INT(yolanda_client_is_active(client), 0);
    CHECK(yolanda_client_connection(client) == NULL);
    CHECK_INT(yolanda_client_start(client), 0);
}

/* A program that decides itself when to connect again. */
CASE(start_in_closed)
{
    action = again;
    in_closed = act_on;
    connected();
    CHECK_INT(yolanda_client_set_reconnect(client, 0, 0, 0), 0);
    close(peer);
    RUN_UNTIL(times('C') == 2);
    peer = take(listener);
    is_echoed(peer);
    ends_with("CXCM", 2);
}

CASE(start_in_failed)
{
    action = again;
    in_failed = act;
    start("unix:/nowhere/at/all");
    CHECK_INT(yolanda_client_set_reconnect(client, 0, 0, 0), 0);
    RUN_UNTIL(times('F') == 2);
    ends_with("FF", 0);
    CHECK_INT(yolanda_client_is_active(client), 0);
}

/* A client that is freed by another one's callback, or by a posted function and a timer. */
static void free_posted(struct event_loop *l, void *data)
{
    CHECK(l == loop && data == client);
    set_free();
}

static void free_by_timer(struct event_loop *l, yolanda_timer timer, void *data)
{
    CHECK(timer != 0);
    free_posted(l, data);
}

CASE(freed_from_a_posted_function)
{
    connected();
    CHECK_INT(yolanda_loop_post(loop, free_posted, client), 0);
    ends_with("CX", 1);
}

CASE(freed_from_a_timer)
{
    connected();
    CHECK(yolanda_timer_start(loop, 0, 0, free_by_timer, client) != 0);
    ends_with("CX", 1);
}

/* The loop goes on inside a callback, and the client ends meanwhile. */
static void nested(void)
{
    CHECK_INT(yolanda_loop_post(loop, free_posted, client), 0);
    settle();
    CHECK(client == NULL);
}

IN_CALLBACK(completed, nested, "CX", 1)
IN_CALLBACK(message, nested, "CMX", 1)
IN_CALLBACK(closed, nested, "CX", 0)
IN_CALLBACK(failed, nested, "F", 0)
