/* yolanda.h, connections: pausing, limits of memory, water marks. */
#include "connection_aid.h"

/* Nothing happens and nothing spins: few passes, no callback. */
static void check_idle(void)
{
    struct yolanda_loop_stats before, after;
    settle();
    CHECK_INT(yolanda_loop_get_stats(loop, &before, sizeof before), 0);
    long long start = now_ms();
    CHECK_INT(yolanda_loop_run_once(loop, 60), 0);
    CHECK(now_ms() - start >= 60);
    CHECK_INT(yolanda_loop_get_stats(loop, &after, sizeof after), 0);
    CHECK(after.passes - before.passes <= 3);
}

/* --- pausing -------------------------------------------------------------- */

CASE(pausing)
{
    set_up();
    CHECK_INT(yolanda_connection_resume(conn), 0); /* nothing to undo */
    CHECK_INT(yolanda_connection_pause(conn), 0);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    CHECK_INT(conn->channel->events & EVENT_READ, 0);
    say("one");
    check_idle();
    say("two");
    check_idle();
    CHECK_INT(messages, 0);
    CHECK_INT(tcp_connection_send_data(conn, "out", 3), 3); /* sending goes on */
    CHECK_INT(yolanda_connection_resume(conn), 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    CHECK_INT(messages, 0);
    UNTIL(got == 6);
    CHECK_INT(messages, 1);
    say("three");
    UNTIL(got == 11);
    check_idle();
}

static void pause_it(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_pause(one), 0);
}

/* In the message callback: the turn ends there, however much has come. */
CASE(pausing_in_the_message_callback)
{
    static char much[1 << 20];
    in_message = pause_it;
    set_up();
    int sent = send(peer, much, sizeof much, MSG_DONTWAIT);
    NEED(sent > 200000);
    UNTIL(messages == 1);
    check_idle();
    CHECK_INT(messages, 1);
    CHECK(got <= 65536);
    for (int turn = 2; turn < 5; turn++) {
        CHECK_INT(yolanda_connection_resume(conn), 0);
        UNTIL(messages == turn);
        check_idle();
        CHECK_INT(messages, turn);
    }
    in_message = NULL;
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL((int)got == sent);
}

static void take_it_off(struct tcp_connection *one)
{
    CHECK_INT(event_loop_remove_channel_event(loop, one->channel->fd, one->channel), 0);
}

/* Once its channel is off the loop, the program reads itself. */
CASE(taken_off_in_the_message_callback)
{
    enum { SIZE = 100 * 1000 };
    static char block[SIZE];
    set_up_local();
    in_message = take_it_off;
    NEED(write(peer, block, SIZE) == SIZE);
    UNTIL(messages > 0);
    settle();
    CHECK_INT(messages, 1);
    size_t left = 0;
    ssize_t n;
    while ((n = recv(conn->channel->fd, block, SIZE, MSG_DONTWAIT)) > 0) {
        left += n;
    }
    CHECK(got + left == SIZE);
    CHECK_INT(event_loop_add_channel_event(loop, conn->channel->fd, conn->channel), 0);
    in_message = NULL;
    say("on");
    UNTIL(messages == 2);
    CHECK_INT(closed, 0);
}

/* What was left unread is handed over once more; and only after a pause. */
CASE(resuming_with_unread_bytes)
{
    in_message = pause_it;
    keeps = 1;
    set_up();
    say("unread");
    UNTIL(messages == 1);
    check_idle();
    CHECK_INT(buffer_readable_size(conn->input_buffer), 6);
    in_message = NULL;
    within = 1;
    CHECK_INT(yolanda_connection_resume(conn), 0);
    within = 0;
    UNTIL(messages == 2);
    check_idle();
    CHECK_INT(messages, 2);
    CHECK_INT(got, 6);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    check_idle();
    CHECK_INT(messages, 2);
    /* Nothing left: nothing is handed over. */
    keeps = 0;
    say("!");
    UNTIL(messages == 3);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    check_idle();
    CHECK_INT(messages, 3);
}

/* Paused again before the pass: nothing is handed over until the next resume. */
CASE(resuming_and_pausing)
{
    in_message = pause_it;
    keeps = 1;
    set_up();
    say("unread");
    UNTIL(messages == 1);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("more");
    check_idle();
    CHECK_INT(messages, 1);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(messages == 2);
    check_idle();
    CHECK_INT(got, 6); /* paused again by the callback */
}

/* A pause and a resume in one callback change nothing. */
static void pause_and_resume(struct tcp_connection *one)
{
    pause_it(one);
    CHECK_INT(yolanda_connection_resume(one), 0);
}

CASE(pausing_and_resuming_in_one_callback)
{
    static char much[1 << 20];
    in_message = pause_and_resume;
    set_up();
    int sent = send(peer, much, sizeof much, MSG_DONTWAIT);
    UNTIL((int)got == sent);
    check_idle();
}

CASE(pausing_in_the_completed_callback)
{
    in_completed = pause_it;
    set_up();
    say("early");
    check_idle();
    CHECK_INT(messages, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(got == 5);
    in_completed = pause_and_resume;
    set_up();
    got = 0;
    say("early");
    UNTIL(got == 5);
}

/* The peer's end waits, and is no busy loop. */
CASE(the_end_while_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("last words");
    close(peer);
    check_idle();
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(closed == 1);
    CHECK_INT(got, 10);
    CHECK_INT(error_at_closed, 0);
}

/* A unix peer that is gone is reported for ever: still nothing is lost, and nothing spins. */
CASE(hang_up_while_paused)
{
    set_up_local();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("last words");
    close(peer);
    check_idle();
    check_idle();
    CHECK_INT(closed, 0);
    CHECK_INT(messages, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(closed == 1);
    CHECK_INT(got, 10);
    CHECK_INT(error_at_closed, 0);
}

/* The same where the bytes have been read, and left in the buffer. */
CASE(hang_up_with_unread_bytes)
{
    in_message = pause_it;
    keeps = 1;
    set_up_local();
    say("last words");
    UNTIL(messages == 1);
    close(peer);
    check_idle();
    CHECK_INT(closed, 0);
    in_message = NULL;
    keeps = 0;
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(closed == 1);
    CHECK_INT(messages, 2);
    CHECK_INT(got, 10);
}

/* Closed after all, its descriptor is closed too, though no code of the program has had it. */
CASE(hang_up_while_paused_then_closed)
{
    int fd[2];
    loop = yolanda_loop_new("test", NULL);
    make_sockets(fd);
    connections++;
    conn = tcp_connection_new(fd[0], loop, NULL, on_closed, on_message, on_written);
    NEED(conn != NULL);
    peer = fd[1];
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("last words");
    close(peer);
    check_idle();
    CHECK_INT(yolanda_connection_close(conn), 0);
    UNTIL(closed == 1);
    settle();
    CHECK(fcntl(fd[0], F_GETFD) < 0);
    CHECK_INT(messages, 0);
}

/* Nothing is left to read: it closes, as nothing can be sent either. */
CASE(hang_up_with_nothing_to_read)
{
    set_up_local();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    settle();
    close(peer);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
}

/* Both sides have ended: bytes that came before are still there. */
CASE(both_ends_while_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("last words");
    tcp_connection_shutdown(conn);
    settle();
    shutdown(peer, SHUT_WR);
    check_idle();
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(closed == 1);
    CHECK_INT(got, 10);
    CHECK_INT(error_at_closed, 0);
}

CASE(a_reset_while_paused)
{
    set_up();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("lost");
    settle();
    reset();
    UNTIL(closed == 1);
    CHECK_INT(messages, 0);
    CHECK_INT(error_at_closed, ECONNRESET);
}

CASE(a_hang_up_while_paused_with_output)
{
    set_up_local();
    CHECK_INT(yolanda_connection_pause(conn), 0);
    queue(100000);
    say("lost");
    settle();
    close(peer);
    UNTIL(closed == 1);
    CHECK(error_at_closed == EPIPE || error_at_closed == ECONNRESET);
}

/* Output that is stuck puts reading off by itself; a pause on top of that isn't forgotten when the
 * queue is sent, nor the other way round. */
CASE(pausing_while_output_is_stuck)
{
    set_up_local();
    queue(100000);
    settle();
    say("one");
    CHECK_INT(yolanda_connection_pause(conn), 0);
    for (long long end = now_ms() + 100; now_ms() < end;) {
        yolanda_loop_run_once(loop, 10);
    }
    CHECK_INT(messages, 0);
    UNTIL(drain() >= 0 && written == 1);
    check_idle();
    CHECK_INT(messages, 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(got == 3);
    queue(100000);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    say("two");
    CHECK_INT(yolanda_connection_resume(conn), 0);
    UNTIL(got == 6);
    CHECK(queued() > 0);
}

static int is_paused;
static void check_running(struct tcp_connection *one)
{
    (void)one;
    CHECK(!is_paused);
}

static void firehose(void *size)
{
    static char block[65536];
    for (int left = *(int *)size; left > 0;) {
        ssize_t n = send(peer, block, left < (int)sizeof block ? left : (int)sizeof block, 0);
        NEED(n > 0);
        left -= n;
    }
}

static int pauses;
static void on_and_off(struct event_loop *l, yolanda_timer timer, void *data)
{
    (void)l, (void)timer, (void)data;
    is_paused = !is_paused;
    pauses += is_paused;
    CHECK_INT(is_paused ? yolanda_connection_pause(conn) : yolanda_connection_resume(conn), 0);
}

/* A sender that never waits, paused by a timer again and again: everything arrives, but nothing during a
 * pause. */
CASE(pausing_a_firehose)
{
    int size = 100 << 20;
    in_message = check_running;
    setenv("YOLANDA_LOG", "err", 1);
    set_up();
    yolanda_timer timer = yolanda_timer_start(loop, 1, 1, on_and_off, NULL);
    pthread_t thread = start_thread(firehose, &size);
    UNTIL((int)got == size);
    CHECK(pauses > 5);
    join(thread);
    CHECK_INT(yolanda_timer_stop(loop, timer), 0);
}

/* --- limits --------------------------------------------------------------------- */

CASE(refusing)
{
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 200000, 0, YOLANDA_LIMIT_REFUSE), 0);
    FAILS(send_some(200001), ENOBUFS); /* alone too large, although nothing waits */
    CHECK_INT(send_some(200000) >= 0, 1);
    while (queued() < 150000 && send_some(1000) >= 0) {
    }
    while (queued() < 150000) {
        CHECK_INT(send_some(1000) >= 0, 1);
    }
    int missing = 200000 - queued();
    out_mark();
    for (int i = 0; i < 3; i++) {
        FAILS(send_some(missing + 1), ENOBUFS);
    }
    CHECK_INT(queued(), 200000 - missing);
    CHECK_INT(send_some(missing), 0);
    FAILS(send_some(1), ENOBUFS);
    CHECK_INT(queued(), 200000);
    CHECK_INT(err_lines(), 0);
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    UNTIL(drain() >= 0 && queued() == 0);
    CHECK(send_some(1000) >= 0);
    say("still there");
    UNTIL(messages == 1);
    CHECK_INT(closed, 0);
}

static atomic_int accepted;
static void post_until_refused(void *data)
{
    (void)data;
    static char block[1000];
    int full = 0;
    while (full < 3) {
        int size = full == 0 ? 1000 : full == 1 ? 10 : 1;
        int sent = tcp_connection_send_data(conn, block, size);
        if (sent == 0) {
            accepted += size;
        } else {
            CHECK_INT(errno, ENOBUFS);
            full++;
        }
    }
}

/* What other threads have sent counts, to the byte, whoever sends at the same time. */
CASE(refusing_on_other_threads)
{
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 1234567, 0, YOLANDA_LIMIT_REFUSE), 0);
    for (int round = 0; round < 3; round++) {
        pthread_t thread[4];
        accepted = 0;
        drained = 0;
        for (int i = 0; i < 4; i++) {
            thread[i] = start_thread(post_until_refused, NULL);
        }
        for (int i = 0; i < 4; i++) {
            join(thread[i]);
        }
        CHECK_INT(accepted, 1234567);
        UNTIL(drain() >= 0 && drained == 1234567);
        CHECK_INT(closed, 0);
    }
    CHECK_INT(yolanda_connection_is_open(conn), 1);
}

/* Senders on four threads and on the loop's, all at once: it never holds more than it may, and
 * nothing that was taken is lost. */
static atomic_int stop_sending;
static atomic_llong taken;
static void send_and_send(void *data)
{
    static char block[5000];
    unsigned seed = (unsigned)(size_t)data;
    while (!stop_sending) {
        int size = 1 + rand_r(&seed) % 5000;
        if (tcp_connection_send_data(conn, block, size) >= 0) {
            taken += size;
        } else {
            CHECK_INT(errno, ENOBUFS);
        }
    }
}

CASE(refusing_while_it_drains)
{
    pthread_t thread[4];
    setenv("YOLANDA_LOG", "err", 1);
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 50000, 0, YOLANDA_LIMIT_REFUSE), 0);
    for (int i = 0; i < 4; i++) {
        thread[i] = start_thread(send_and_send, (void *)(size_t)(i + 1));
    }
    long long own = 0;
    while (drained < 10000000) {
        int n = send_some(777);
        if (n >= 0) {
            own += 777;
        } else {
            CHECK_INT(errno, ENOBUFS);
        }
        NEED(yolanda_loop_run_once(loop, 0) >= 0);
        CHECK(queued() <= 50000);
        drain();
    }
    stop_sending = 1;
    for (int i = 0; i < 4; i++) {
        join(thread[i]);
    }
    UNTIL(drain() >= 0 && drained == own + taken);
    settle();
    CHECK_INT(queued(), 0);
    /* The count is exact: the limit is reached to the byte. */
    CHECK(send_some(50000) >= 0);
    UNTIL(drain() >= 0 && drained == own + taken + 50000);
    CHECK_INT(closed, 0);
}

/* The default policy: whole below the limit, closed beyond it. */
CASE(closing_at_the_limit)
{
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 100000, 0, YOLANDA_LIMIT_CLOSE), 0);
    queue(99999);
    CHECK_INT(send_some(500000), 0);
    CHECK_INT(queued(), 599999);
    out_mark();
    FAILS(send_some(1), ENOBUFS);
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_connection_is_open(conn), 0);
    FAILS(send_some(1), ENOTCONN);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ENOBUFS);
    CHECK_INT(err_lines(), 1);
}

CASE(closing_at_the_limit_to_the_byte)
{
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 100000, 0, YOLANDA_LIMIT_CLOSE), 0);
    queue(99999);
    CHECK_INT(send_some(1), 0);
    FAILS(send_some(1), ENOBUFS);
    UNTIL(closed == 1);
}

static void post_over_the_limit(void *data)
{
    static char block[60000];
    (void)data;
    CHECK_INT(tcp_connection_send_data(conn, block, sizeof block), 0);
    CHECK_INT(tcp_connection_send_data(conn, block, sizeof block), 0);
    FAILS(tcp_connection_send_data(conn, block, 1), ENOBUFS);
    FAILS(tcp_connection_send_data(conn, block, 1), ENOTCONN);
}

CASE(closing_at_the_limit_on_another_thread)
{
    set_up_local();
    CHECK(yolanda_connection_retain(conn) == conn);
    CHECK_INT(yolanda_connection_set_limits(conn, 100000, 0, YOLANDA_LIMIT_CLOSE), 0);
    on_thread(post_over_the_limit, NULL);
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, ENOBUFS);
    CHECK_INT(yolanda_connection_release(conn), 0);
}

/* Limits may change at any time; 0 is the default. */
CASE(limits_that_change)
{
    set_up_local();
    queue(100000);
    CHECK_INT(yolanda_connection_set_limits(conn, 1, 0, YOLANDA_LIMIT_REFUSE), 0);
    FAILS(send_some(1), ENOBUFS);
    CHECK_INT(yolanda_connection_set_limits(conn, SIZE_MAX, SIZE_MAX, YOLANDA_LIMIT_REFUSE), 0);
    CHECK_INT(send_some(1), 0);
    CHECK_INT(yolanda_connection_set_limits(conn, 0, 0, YOLANDA_LIMIT_CLOSE), 0);
    while (queued() < 64 << 20) {
        CHECK_INT(send_some(1 << 20), 0);
    }
    CHECK_INT(yolanda_connection_is_open(conn), 1);
    FAILS(yolanda_connection_set_limits(conn, 0, 0, 2), EINVAL);
    FAILS(yolanda_connection_set_limits(conn, 0, 0, -1), EINVAL);
    FAILS(send_some(1), ENOBUFS);
    UNTIL(closed == 1);
}

CASE(unread_input)
{
    for (int policy = 0; policy < 2; policy++) {
        closed = connections = 0;
        keeps = 1;
        set_up_local();
        CHECK_INT(yolanda_connection_set_limits(conn, 0, 10, policy), 0);
        say("ninebytes");
        settle();
        CHECK_INT(closed, 0);
        out_mark();
        say("!");
        UNTIL(closed == 1);
        CHECK_INT(error_at_closed, ENOBUFS);
        CHECK_INT(err_lines(), 1);
        close(peer);
    }
}

/* It counts what the callback leaves, not what it is given. */
CASE(much_input_that_is_consumed)
{
    static char much[300000];
    set_up_local();
    CHECK_INT(yolanda_connection_set_limits(conn, 0, 10, YOLANDA_LIMIT_CLOSE), 0);
    int sent = send(peer, much, sizeof much, MSG_DONTWAIT);
    UNTIL((int)got == sent);
    settle();
    CHECK_INT(closed, 0);
}

/* --- water marks ------------------------------------------------------------- */

static char marks[1000]; /* H and L, as they were called */
static size_t at_high, at_low;
static void (*in_high)(void), (*in_low)(void);

static void on_high(struct tcp_connection *one, size_t now)
{
    CHECK(one == conn && !within && closed < connections);
    CHECK_INT(now, queued());
    at_high = now;
    strcat(marks, "H");
    if (in_high != NULL) {
        in_high();
    }
}

static void on_low(struct tcp_connection *one, size_t now)
{
    CHECK(one == conn && !within && closed < connections);
    CHECK_INT(now, queued());
    at_low = now;
    strcat(marks, "L");
    if (in_low != NULL) {
        in_low();
    }
}

static void set_marks(size_t low, size_t high)
{
    CHECK_INT(yolanda_connection_set_water_marks(conn, low, high, on_low, on_high), 0);
}

/* Drains the peer and the queue to the end. */
static void empty(void)
{
    UNTIL(drain() >= 0 && queued() == 0);
    settle();
}

CASE(crossing)
{
    set_up_local();
    set_marks(50000, 100000);
    queue(99999);
    settle();
    CHECK_TEXT(marks, "");
    CHECK_INT(send_some(1), 0);
    CHECK_TEXT(marks, ""); /* from the pass */
    settle();
    CHECK_TEXT(marks, "H");
    CHECK_INT(at_high, 100000);
    CHECK_INT(send_some(100000), 0);
    settle();
    CHECK_TEXT(marks, "H"); /* once per crossing */
    empty();
    CHECK_TEXT(marks, "HL");
    CHECK(at_low <= 50000);
    for (int i = 2; i < 6; i++) {
        queue(100000);
        settle();
        CHECK_INT(strlen(marks), 2 * i - 1);
        empty();
        CHECK_INT(strlen(marks), 2 * i);
    }
    CHECK_TEXT(marks, "HLHLHLHLHL");
}

/* Fallen before the first was reported: both are reported, in order. */
CASE(crossing_and_back_in_one_pass)
{
    set_up_local();
    set_marks(0, 100000);
    queue(100000);
    while (drain() > 0) {
    }
    while (queued() > 0) {
        CHECK(tcp_connection_send_buffer(conn, conn->output_buffer) >= 0);
        drain();
        CHECK_TEXT(marks, "");
    }
    queue(150000);
    CHECK_TEXT(marks, "");
    settle();
    CHECK_TEXT(marks, "HLH");
    empty();
    CHECK_TEXT(marks, "HLHL");
}

/* One byte is a mark too; low 0 is the empty queue. */
CASE(marks_of_one_byte)
{
    set_up_local();
    set_marks(0, 1);
    CHECK(send_some(100) == 100);
    settle();
    CHECK_TEXT(marks, ""); /* the kernel took all of it */
    queue(1);
    settle();
    CHECK_TEXT(marks, "H");
    empty();
    CHECK_TEXT(marks, "HL");
    CHECK_INT(at_low, 0);
}

CASE(marks_set_anew)
{
    set_up_local();
    queue(100000);
    set_marks(10, 100000); /* at it already */
    CHECK_TEXT(marks, "");
    settle();
    CHECK_TEXT(marks, "H");
    set_marks(10, 90000);
    settle();
    CHECK_TEXT(marks, "HH");
    set_marks(10, 100001); /* below it: not reached, so nothing to fall from */
    settle();
    CHECK_TEXT(marks, "HH");
    set_marks(10, 100000);
    CHECK_INT(yolanda_connection_set_water_marks(conn, 0, 0, on_low, on_high), 0);
    settle();
    empty();
    CHECK_TEXT(marks, "HH");
    FAILS(yolanda_connection_set_water_marks(conn, 1, 1, on_low, on_high), EINVAL);
    FAILS(yolanda_connection_set_water_marks(conn, 2, 1, on_low, on_high), EINVAL);
    CHECK_INT(yolanda_connection_set_water_marks(conn, 5, 0, NULL, NULL), 0);
    CHECK_INT(yolanda_connection_set_water_marks(conn, 0, 1, NULL, NULL), 0);
    queue(1);
    settle();
    empty();
    CHECK_TEXT(marks, "HH");
    CHECK_INT(closed, 0);
}

static void close_inside(void)
{
    CHECK_INT(yolanda_connection_close(conn), 0);
}

CASE(closing_at_the_high_mark)
{
    in_high = close_inside;
    set_up_local();
    set_marks(10, 100000);
    queue(100000);
    UNTIL(closed == 1);
    settle();
    CHECK_TEXT(marks, "H");
    CHECK_INT(closed, 1);
}

/* The low mark was crossed too by then: nobody is told of it any more. */
CASE(closing_at_the_high_mark_after_the_fall)
{
    in_high = close_inside;
    set_up_local();
    set_marks(0, 100000);
    queue(100000);
    while (queued() > 0) {
        drain();
        CHECK(tcp_connection_send_buffer(conn, conn->output_buffer) >= 0);
    }
    UNTIL(closed == 1);
    CHECK_TEXT(marks, "H");
}

CASE(closing_before_the_high_mark_is_told)
{
    set_up_local();
    set_marks(10, 100000);
    queue(100000);
    close_inside();
    UNTIL(closed == 1);
    settle();
    CHECK_TEXT(marks, "");
}

static void off_inside(void)
{
    CHECK_INT(yolanda_connection_set_water_marks(conn, 0, 0, NULL, NULL), 0);
}

CASE(marks_off_in_the_callback)
{
    in_high = off_inside;
    set_up_local();
    set_marks(0, 100000);
    queue(100000);
    while (drain() > 0) {
    }
    while (queued() > 0) {
        CHECK(tcp_connection_send_buffer(conn, conn->output_buffer) >= 0);
        drain();
    }
    settle();
    CHECK_TEXT(marks, "H");
    empty();
    CHECK_TEXT(marks, "H");
}

/* A sender that goes on at the low mark and stops at the high one. */
static long long to_send = 30 << 20, in_all;
static int running;
static void send_up_to_the_mark(void)
{
    static char block[16384];
    running = 1;
    while (running && in_all < to_send && queued() < 200000) {
        CHECK(tcp_connection_send_data(conn, block, sizeof block) >= 0);
        in_all += sizeof block;
    }
}

static void stop_it(void)
{
    running = 0;
}

CASE(a_sender_with_marks)
{
    in_low = send_up_to_the_mark;
    in_high = stop_it;
    setenv("YOLANDA_LOG", "err", 1);
    set_up_local();
    set_marks(50000, 200000);
    send_up_to_the_mark();
    UNTIL((marks[0] = '\0', drain()) >= 0 && drained == to_send);
    CHECK(in_all == to_send);
    CHECK_INT(closed, 0);
}

static void post_some(void *data)
{
    static char block[10000];
    (void)data;
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(tcp_connection_send_data(conn, block, sizeof block), 0);
    }
}

/* Sends of other threads cross it as well. */
CASE(crossing_by_another_thread)
{
    set_up_local();
    set_marks(1000, 100000);
    on_thread(post_some, NULL);
    CHECK_TEXT(marks, "");
    settle();
    CHECK_TEXT(marks, "H");
    UNTIL(drain() >= 0 && drained == 10000000);
    settle();
    CHECK_TEXT(marks, "HL");
}

static void marks_at_birth(struct tcp_connection *one)
{
    CHECK_INT(yolanda_connection_set_water_marks(one, 0, 1, on_low, on_high), 0);
}

CASE(marks_in_the_completed_callback)
{
    in_completed = marks_at_birth;
    set_up_local();
    queue(1);
    settle();
    CHECK_TEXT(marks, "H");
    empty();
    CHECK_TEXT(marks, "HL");
}
