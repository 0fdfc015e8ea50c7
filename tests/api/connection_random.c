/* yolanda.h, connections: what the calls promise, in any order. Each round does some hundred things
 * with one connection and its peer, then lets both come to their end: every byte has arrived, in
 * order, in both directions, and no callback came when it must not. */
#include "connection_aid.h"

#define ROUNDS 150
#define STEPS 300

static unsigned seed;
static long long sent_in, consumed, sent_out, arrived; /* peer -> conn, conn -> peer */
static int is_paused, part, in_turn, finishing;
static char turn_of_marks; /* which mark is to come next: H or L; 0: none is set */

static int chance(int n)
{
    return rand_r(&seed) % n;
}

static unsigned char pattern(long long i)
{
    return (i ^ (i >> 8) ^ ((i >> 16) * 31)) & 0xff;
}

static void fill(unsigned char *block, int size, long long from)
{
    for (int i = 0; i < size; i++) {
        block[i] = pattern(from + i);
    }
}

static void check(const unsigned char *block, int size, long long from)
{
    for (int i = 0; i < size; i++) {
        if (block[i] != pattern(from + i)) {
            CHECK(!"the bytes that were sent");
            return;
        }
    }
}

static void on_high(struct tcp_connection *one, size_t queued_now)
{
    CHECK(one == conn && !within && closed == 0 && turn_of_marks == 'H');
    CHECK_INT(queued_now, queued());
    turn_of_marks = 'L';
}

static void on_low(struct tcp_connection *one, size_t queued_now)
{
    CHECK(one == conn && !within && closed == 0 && turn_of_marks == 'L');
    CHECK_INT(queued_now, queued());
    turn_of_marks = 'H';
}

static void set_marks(void)
{
    size_t high = chance(4) ? (size_t)(1 + chance(100000)) : 0, low = high ? (size_t)chance((int)high) : 0;
    CHECK_INT(yolanda_connection_set_water_marks(conn, low, high, on_low, on_high), 0);
    turn_of_marks = high ? 'H' : 0;
}

static void pause_or_resume(void)
{
    is_paused = chance(2);
    CHECK_INT(is_paused ? yolanda_connection_pause(conn) : yolanda_connection_resume(conn), 0);
}

static void send_out(int size)
{
    static unsigned char block[30000];
    fill(block, size, sent_out);
    within = !in_turn;
    int n = tcp_connection_send_data(conn, block, size);
    within = 0;
    if (n >= 0) {
        sent_out += size;
    } else {
        CHECK_INT(errno, ENOBUFS);
    }
}

static void send_elsewhere(void *size)
{
    send_out(*(int *)size);
}

static int message(struct buffer *input, struct tcp_connection *one)
{
    int size = buffer_readable_size(input);
    CHECK(!within && !is_paused && closed == 0 && size > 0);
    check((unsigned char *)input->data + input->readIndex, size, consumed);
    /* All of it, or a part. */
    int taken = part ? chance(size + 1) : size;
    input->readIndex += taken;
    consumed += taken;
    in_turn = 1;
    if (chance(20) == 0 && !finishing) {
        pause_or_resume();
    }
    if (chance(10) == 0) {
        send_out(1 + chance(5000));
    }
    in_turn = 0;
    (void)one;
    return 0;
}

static void say_some(void)
{
    unsigned char block[8000];
    int size = 1 + chance(sizeof block);
    fill(block, size, sent_in);
    ssize_t n = send(peer, block, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    sent_in += n > 0 ? n : 0;
}

static int hear_some(int most)
{
    static unsigned char block[100000];
    ssize_t n = recv(peer, block, most, MSG_DONTWAIT);
    if (n > 0) {
        check(block, n, arrived);
        arrived += n;
    }
    return n == 0 ? -1 : n > 0;
}

static void step(void)
{
    int size = 1 + chance(20000);
    switch (chance(14)) {
    case 0:
    case 1:
        say_some();
        break;
    case 2:
    case 3:
        hear_some(size);
        break;
    case 4:
    case 5:
        send_out(size);
        break;
    case 6:
        pause_or_resume();
        break;
    case 7:
        set_marks();
        break;
    case 8:
        CHECK_INT(yolanda_connection_set_limits(conn, chance(3) ? 1 + chance(200000) : 1 << 30, 0,
                                                YOLANDA_LIMIT_REFUSE), 0);
        break;
    case 9:
        if (chance(5) == 0) {
            on_thread(send_elsewhere, &size);
        }
        break;
    case 10:
        part = chance(2);
        break;
    case 11:
        CHECK_INT(yolanda_connection_set_timeouts(conn, chance(2) * 100000, chance(2) * 100000,
                                                  chance(2) * 100000), 0);
        break;
    default:
        CHECK(yolanda_loop_run_once(loop, chance(4) ? 0 : 1) >= 0);
    }
}

static void play(int round, int family)
{
    int fd[2];
    seed = round + 1;
    connections = closed = 0;
    sent_in = consumed = sent_out = arrived = 0;
    is_paused = part = turn_of_marks = finishing = 0;
    if (family == AF_UNIX) {
        make_sockets(fd);
    } else {
        tcp_pair_of(family, fd);
    }
    connect_on(fd[0], fd[1]);
    conn->messageCallBack = message;
    CHECK(yolanda_connection_retain(conn) == conn);
    for (int i = 0; i < STEPS && closed == 0; i++) {
        step();
    }
    CHECK_INT(closed, 0);
    /* To the end. */
    part = is_paused = 0;
    finishing = 1;
    shutdown(peer, SHUT_WR);
    CHECK_INT(yolanda_connection_pause(conn), 0);
    CHECK_INT(yolanda_connection_resume(conn), 0);
    if (chance(2)) {
        /* The peer's end closes it, after the queue. */
        UNTIL(hear_some(100000) < 0 || closed == 1);
    } else {
        UNTIL((hear_some(100000), consumed == sent_in));
        CHECK(yolanda_connection_close_after_send(conn, 60000) == 0 || errno == ENOTCONN);
        UNTIL(hear_some(100000) < 0);
    }
    while (hear_some(100000) > 0) {
    }
    UNTIL(closed == 1);
    CHECK_INT(error_at_closed, 0);
    CHECK_INT(consumed, sent_in);
    CHECK_INT(arrived, sent_out);
    close(peer);
    settle();
    CHECK_INT(yolanda_connection_release(conn), 0);
}

CASE(on_unix_sockets)
{
    setenv("YOLANDA_LOG", "err", 1);
    for (int round = 0; round < ROUNDS; round++) {
        play(round, AF_UNIX);
    }
}

CASE(on_tcp)
{
    setenv("YOLANDA_LOG", "err", 1);
    for (int round = 0; round < ROUNDS; round++) {
        play(round + ROUNDS, AF_INET);
    }
}
