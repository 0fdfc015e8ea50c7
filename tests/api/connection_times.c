/* yolanda.h, connections: idle, read and write timeouts. Never early; how late they are is not
 * asserted. */
#include "connection_aid.h"

#define LIMIT 150 /* of what is to time out */
#define LONG 700  /* of what must not, and is kept from it all the time */

static long long start;

static void begin(int64_t idle, int64_t read, int64_t write)
{
    start = now_ms();
    CHECK_INT(yolanda_connection_set_timeouts(conn, idle, read, write), 0);
}

static void check_times_out(void)
{
    UNTIL(closed == 1);
    CHECK(now_ms() - start >= LIMIT);
    CHECK_INT(error_at_closed, ETIMEDOUT);
    settle();
}

/* Repeats an action for longer than LONG; the connection stays open. */
static void check_stays(void (*move)(void))
{
    while (now_ms() - start < LONG * 3 / 2) {
        move();
        CHECK(yolanda_loop_run_once(loop, 20) >= 0);
    }
    CHECK_INT(closed, 0);
}


static void say_one(void)
{
    say("x");
}

static void send_one(void)
{
    drain();
    CHECK_INT(tcp_connection_send_data(conn, "x", 1), 1);
}

/* Takes little at a time, so that the queue never ends. */
static void read_a_little(void)
{
    char bytes[5000];
    usleep(5000);
    NEED(recv(peer, bytes, sizeof bytes, MSG_DONTWAIT) > 0);
}

CASE(idle)
{
    set_up();
    begin(LIMIT, 0, 0);
    check_times_out();
    CHECK_INT(messages, 0);
}

CASE(idle_after_traffic)
{
    set_up();
    begin(LIMIT, 0, 0);
    say("x");
    UNTIL(messages == 1);
    start = now_ms() - 1; /* read up to now */
    usleep(20000);
    CHECK(tcp_connection_send_data(conn, "x", 1) == 1);
    start = now_ms() - 1;
    check_times_out();
}

/* One direction is enough. */
CASE(not_idle_while_it_receives)
{
    set_up();
    begin(LONG, 0, 0);
    check_stays(say_one);
}

CASE(not_idle_while_it_sends)
{
    set_up();
    begin(LONG, 0, 0);
    check_stays(send_one);
}

CASE(reading)
{
    set_up();
    begin(0, LIMIT, 0);
    while (closed == 0 && now_ms() - start < SECONDS * 1000) {
        send_one(); /* sending doesn't count */
        yolanda_loop_run_once(loop, 10);
    }
    CHECK_INT(closed, 1);
    check_times_out();
}

CASE(reading_goes_on)
{
    set_up();
    begin(0, LONG, 0);
    check_stays(say_one);
}

/* A pause isn't the peer's silence. What it has sent meanwhile is no reason either. */
CASE(reading_is_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    begin(0, LIMIT, 0);
    while (now_ms() - start < 3 * LIMIT) {
        CHECK(yolanda_loop_run_once(loop, 20) >= 0);
    }
    CHECK_INT(closed, 0);
    start = now_ms();
    CHECK_INT(yolanda_connection_resume(conn), 0);
    check_times_out();
}

CASE(idle_counts_while_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    begin(LIMIT, 0, 0);
    check_times_out();
}

CASE(writing)
{
    set_up_local();
    begin(0, 0, LIMIT);
    /* Nothing is queued: nothing times out. */
    while (now_ms() - start < 2 * LIMIT) {
        CHECK(yolanda_loop_run_once(loop, 20) >= 0);
    }
    CHECK_INT(closed, 0);
    start = now_ms();
    queue(100000);
    check_times_out();
}

/* What arrives doesn't help a peer that takes nothing. */
CASE(writing_while_it_receives)
{
    set_up_local();
    begin(0, 0, LIMIT);
    queue(100000);
    start = now_ms() - 1;
    while (closed == 0 && now_ms() - start < SECONDS * 1000) {
        say("x");
        yolanda_loop_run_once(loop, 10);
    }
    CHECK_INT(closed, 1);
    check_times_out();
}

/* So slow that its socket isn't writable again within the limit. */
CASE(writing_to_a_slow_reader)
{
    set_up_local();
    queue(3000000);
    begin(LONG, 0, LONG);
    check_stays(read_a_little);
    CHECK(queued() > 0);
}

/* What has come and waits for a busy loop counts as received. */
static void sleep_in_callback(struct tcp_connection *one)
{
    (void)one;
    say("more");
    in_message = NULL;
    usleep(3 * LIMIT * 1000);
}

CASE(a_busy_loop)
{
    in_message = sleep_in_callback;
    set_up();
    begin(LIMIT, LIMIT, 0);
    say("x");
    UNTIL(got == 5);
    start = now_ms() - 1;
    check_times_out();
    CHECK_INT(messages, 2);
}

CASE(all_of_them)
{
    for (int which = 0; which < 3; which++) {
        int limit[3] = { 3600000, 3600000, 3600000 };
        limit[which] = LIMIT;
        closed = connections = 0;
        set_up_local();
        queue(100000);
        begin(limit[0], limit[1], limit[2]);
        check_times_out();
        close(peer);
    }
}

/* Set again they begin again, and count from then on; 0 takes them away. */
CASE(changed)
{
    set_up();
    begin(LIMIT, LIMIT, LIMIT);
    CHECK_INT(yolanda_connection_set_timeouts(conn, 0, 0, 0), 0);
    while (now_ms() - start < 3 * LIMIT) {
        CHECK(yolanda_loop_run_once(loop, 20) >= 0);
    }
    CHECK_INT(closed, 0);
    begin(INT64_MAX, 0, 0);
    settle();
    begin(3600000, 3600000, 3600000);
    settle();
    begin(LIMIT, 0, 0);
    usleep(LIMIT * 500);
    begin(LIMIT, 0, 0);
    check_times_out();
}

CASE(bad_times)
{
    set_up();
    FAILS(yolanda_connection_set_timeouts(conn, -1, 0, 0), EINVAL);
    FAILS(yolanda_connection_set_timeouts(conn, 0, -1, 0), EINVAL);
    FAILS(yolanda_connection_set_timeouts(conn, 0, 0, INT64_MIN), EINVAL);
    settle();
    CHECK_INT(closed, 0);
}

static void limit_inside(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_set_timeouts(one, LIMIT, 0, 0), 0);
}

CASE(set_in_the_completed_callback)
{
    start = now_ms();
    in_completed = limit_inside;
    set_up();
    check_times_out();
}

/* A connection that has ended has no timer left. */
CASE(ended_before)
{
    struct yolanda_loop_stats stats;
    set_up();
    CHECK(yolanda_connection_retain(conn) == conn);
    begin(LIMIT, LIMIT, LIMIT);
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.timers, 1); /* one for all three */
    close(peer);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.timers, 0);
    while (now_ms() - start < 3 * LIMIT) {
        CHECK(yolanda_loop_run_once(loop, 20) >= 0);
    }
    CHECK_INT(yolanda_connection_error(conn), 0);
    CHECK_INT(yolanda_connection_release(conn), 0);
    set_up();
    begin(LIMIT, LIMIT, LIMIT);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Looking at the clock is no callback of the program. */
CASE(looking_is_not_counted)
{
    struct yolanda_loop_stats before, after;
    set_up();
    begin(0, 0, 30); /* nothing is queued: it looks again and again */
    settle();
    CHECK_INT(yolanda_loop_get_stats(loop, &before, sizeof before), 0);
    while (now_ms() - start < 300) {
        CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    }
    CHECK_INT(yolanda_loop_get_stats(loop, &after, sizeof after), 0);
    CHECK_INT(after.callbacks, before.callbacks);
}
