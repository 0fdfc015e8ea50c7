/* client_reconnect.c - clients that connect again; many of them, and many times. */
#include "client_aid.h"

static char address[64];

static struct yolanda_client *reconnecting(long long min, long long max, int attempts)
{
    new_client(address);
    CHECK_INT(yolanda_client_set_reconnect(client, min, max, attempts), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    return client;
}

/* A server that isn't there yet, goes away and comes back. */
CASE(until_the_server_is_there)
{
    refusing(address);
    reconnecting(1, 20, 0);
    RUN_UNTIL(times('F') == 5);
    CHECK_TEXT(seen, "FFFFF");
    int listener = listen_at(port_of(address), 8, address);
    RUN_UNTIL(times('C') == 1);
    int peer = take(listener);
    is_echoed(peer);
    close(listener);
    close(peer);
    RUN_UNTIL(times('F') == 8);
    listener = listen_at(port_of(address), 8, address);
    RUN_UNTIL(times('C') == 2);
    is_echoed(take(listener));
    CHECK_INT(times('X'), 1);
}

static int active_when_failed[8], failures;

static void look(void)
{
    active_when_failed[failures++ % 8] = yolanda_client_is_active(client);
}

/* The last failed callback finds the client idle. */
CASE(gives_up)
{
    refusing(address);
    in_failed = look;
    reconnecting(1, 2, 4);
    RUN_UNTIL(!yolanda_client_is_active(client));
    settle();
    CHECK_TEXT(seen, "FFFF");
    for (int i = 0; i < 4; i++) {
        CHECK_INT(active_when_failed[i], i < 3);
    }
    /* Started again, it has as many attempts again. */
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(!yolanda_client_is_active(client));
    settle();
    CHECK_TEXT(seen, "FFFFFFFF");
}

CASE(one_attempt)
{
    refusing(address);
    reconnecting(1, 1, 1);
    RUN_UNTIL(!yolanda_client_is_active(client));
    settle();
    CHECK_TEXT(seen, "F");
}

/* A connection resets the count of failures. */
CASE(failures_are_counted_in_a_row)
{
    refusing(address);
    reconnecting(5, 5, 6);
    for (int round = 1; round <= 3; round++) {
        RUN_UNTIL(times('F') >= 3 * round);
        int listener = listen_at(port_of(address), 8, address);
        RUN_UNTIL(times('C') == round);
        close(listener);
        close(accept(listener, NULL, NULL));
        RUN_UNTIL(times('X') == round);
    }
    RUN_UNTIL(!yolanda_client_is_active(client));
    CHECK(times('F') >= 9 + 6);
    CHECK_TEXT(seen + seen_len - 7, "XFFFFFF");
}

/* The client connects again after any end, including one that the program requested. */
CASE(after_the_programs_own_close)
{
    int listener = listen_here(address);
    reconnecting(1, 1, 0);
    for (int n = 1; n <= 3; n++) {
        RUN_UNTIL(times('C') == n);
        int peer = take(listener);
        tcp_connection_shutdown(last_conn);
        char byte;
        CHECK_INT(read(peer, &byte, 1), 0);
        close(peer);
    }
    RUN_UNTIL(times('C') == 4);
    CHECK_TEXT(seen, "CXCXCXC");
}

static long long failed_at[8];

static void look_at_the_clock(void)
{
    failed_at[failures++ % 8] = now_ms();
}

/* Waits are never shorter than half of what they can be: 40, 80, 160, 160. */
CASE(waits)
{
    refusing(address);
    in_failed = look_at_the_clock;
    reconnecting(40, 160, 5);
    RUN_UNTIL(!yolanda_client_is_active(client));
    static const int shortest[] = { 20, 40, 80, 80 };
    for (int i = 0; i < 4; i++) {
        /* The clock was rounded down at both ends. */
        if (!CHECK(failed_at[i + 1] - failed_at[i] >= shortest[i] - 1)) {
            dprintf(check_report, "wait %d: %lld ms\n", i, failed_at[i + 1] - failed_at[i]);
        }
    }
}

/* A client reconnects less and less often to a server that closes each connection at once: the eighth
 * connection comes after at least 5 + 10 + 20 + ... + 320 ms. */
CASE(a_server_that_closes_at_once)
{
    int listener = listen_here(address);
    long long start = now_ms();
    reconnecting(10, 10000, 1);
    for (int n = 1; n < 8; n++) {
        RUN_UNTIL(times('C') == n);
        close(take(listener));
        RUN_UNTIL(times('X') == n);
    }
    RUN_UNTIL(times('C') == 8);
    CHECK(now_ms() - start >= 5 * 127 - 7);
    CHECK_INT(times('F'), 0);
}

/* A connection that has received bytes counts as a success: the waits start again, or this would take
 * years. */
CASE(a_server_that_answers_and_closes)
{
    int listener = listen_here(address);
    reconnecting(1, 1LL << 50, 0);
    for (int n = 1; n <= 60; n++) {
        RUN_UNTIL(times('C') == n);
        int peer = take(listener);
        put(peer, "x");
        close(peer);
        RUN_UNTIL(times('X') == n);
        CHECK_INT(times('M'), n);
    }
}

/* So does one that lasts, even without a byte. */
CASE(a_server_that_is_silent)
{
    int listener = listen_here(address);
    reconnecting(1, 1LL << 50, 0);
    for (int n = 1; n <= 40; n++) {
        RUN_UNTIL(times('C') == n);
        int peer = take(listener);
        usleep(6000);
        close(peer);
        RUN_UNTIL(times('X') == n);
    }
}

/* Waits that can't end: nothing overflows, and the client can be stopped. */
CASE(the_longest_waits)
{
    refusing(address);
    reconnecting(INT64_MAX, INT64_MAX, 0);
    RUN_UNTIL(times('F') == 1);
    settle();
    CHECK_TEXT(seen, "F");
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_set_timeout(client, INT64_MAX), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('F') == 2);
}

/* --- many --- */

enum { MANY = 500 };

static void *echo_peers(void *data)
{
    struct pollfd peers[MANY + 1] = { { *(int *)data, POLLIN, 0 } };
    int n = 1, ended = 0;
    while (ended < MANY) {
        NEED(poll(peers, (nfds_t)n, SECONDS * 1000) > 0);
        if (peers[0].revents != 0 && n <= MANY) {
            peers[n++] = (struct pollfd){ take(*(int *)data), POLLIN, 0 };
        }
        for (int i = 1; i < n; i++) {
            char text[4096];
            ssize_t got = peers[i].revents != 0 ? read(peers[i].fd, text, sizeof text) : -1;
            if (got > 0) {
                NEED(write(peers[i].fd, text, (size_t)got) == got);
            } else if (got == 0) {
                close(peers[i].fd);
                peers[i].fd = -1;
                peers[i].revents = 0;
                ended++;
            }
        }
    }
    return NULL;
}

static int texts_right;

static int say_number(struct tcp_connection *conn)
{
    char text[64];
    int n = snprintf(text, sizeof text, "client %ld", (long)(intptr_t)conn->data);
    note('C');
    CHECK_INT(tcp_connection_send_data(conn, text, n), n);
    return 0;
}

static int hear_number(struct buffer *buffer, struct tcp_connection *conn)
{
    char text[64];
    int n = snprintf(text, sizeof text, "client %ld", (long)(intptr_t)conn->data);
    if (buffer->writeIndex - buffer->readIndex >= n) {
        CHECK_INT(buffer->writeIndex - buffer->readIndex, n);
        texts_right += memcmp(buffer->data + buffer->readIndex, text, (size_t)n) == 0;
        buffer->readIndex = buffer->writeIndex;
    }
    return 0;
}

CASE(five_hundred_clients)
{
    static struct yolanda_client *clients[MANY];
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < 2 * MANY + 100) {
        return;
    }
    int listener = listen_at(0, 1024, address);
    make_loop();
    pthread_t peers;
    NEED(pthread_create(&peers, NULL, echo_peers, &listener) == 0);
    for (intptr_t i = 0; i < MANY; i++) {
        clients[i] = yolanda_client_new(loop, address, say_number, hear_number, NULL, on_closed);
        NEED(clients[i] != NULL);
        CHECK_INT(yolanda_client_set_data(clients[i], (void *)i), 0);
        CHECK_INT(yolanda_client_start(clients[i]), 0);
    }
    RUN_UNTIL(texts_right == MANY);
    CHECK_INT(times('C'), MANY);
    CHECK_INT(times('X'), 0);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(i % 2 ? yolanda_client_stop(clients[i]) : yolanda_client_free(clients[i]), 0);
    }
    RUN_UNTIL(times('X') == MANY);
    join(peers);
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.connections, 0);
    CHECK_INT(stats.timers, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Connects, exchanges bytes and ends: each time with a new client, or always with the same one. */
static void come_and_go(int listener, int count)
{
    for (int i = 0; i < count; i++) {
        forget();
        if (i % 4 < 2) {
            new_client(address);
        }
        CHECK_INT(yolanda_client_start(client), 0);
        RUN_UNTIL(times('C') == 1);
        int peer = take(listener);
        is_echoed(peer);
        if (i % 4 == 1) {
            CHECK_INT(yolanda_client_stop(client), 0);
        } else if (i % 4 == 0) {
            CHECK_INT(yolanda_client_free(client), 0);
        } else {
            close(peer);
        }
        RUN_UNTIL(times('X') == 1);
        CHECK_TEXT(seen, "CMX");
        if (i % 4 < 2) {
            close(peer);
        }
        if (i % 4 == 3) {
            CHECK_INT(yolanda_client_free(client), 0);
        }
    }
}

CASE(a_thousand_connections_leave_nothing)
{
    int listener = listen_here(address);
    make_loop();
    come_and_go(listener, 100);
    int fds = open_fds();
    long memory = resident();
    come_and_go(listener, 1000);
    CHECK_INT(open_fds(), fds);
    if (!CHECK(SANITIZED || resident() - memory < 256)) {
        dprintf(check_report, "%ld KiB more\n", resident() - memory);
    }
}

CASE(a_thousand_failures_leave_nothing)
{
    refusing(address);
    make_loop();
    int fds = open_fds();
    long memory = 0;
    reconnecting(1, 1, 200);
    for (int i = 0; i < 5; i++) {
        RUN_UNTIL(!yolanda_client_is_active(client));
        CHECK_INT(times('F'), 200);
        CHECK_INT(open_fds(), fds);
        memory = memory == 0 ? resident() : memory;
        CHECK(SANITIZED || resident() - memory < 256);
        forget();
        CHECK_INT(yolanda_client_start(client), 0);
    }
}

/* --- megabytes, there and back --- */

enum { BYTES = 16 << 20, PIECE = 300000 };

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i ^ (i >> 8) ^ ((i >> 16) * 31));
}

static void *echo_all(void *data)
{
    static char block[1 << 16];
    int fd = take(*(int *)data);
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0) {
        for (ssize_t sent = 0; sent < n;) {
            ssize_t got = write(fd, block + sent, (size_t)(n - sent));
            NEED(got > 0);
            sent += got;
        }
    }
    close(fd);
    return NULL;
}

static size_t sent, received, wrong;

static int send_more(struct tcp_connection *conn)
{
    static char piece[PIECE];
    if (sent == BYTES) {
        tcp_connection_shutdown(conn);
        return 0;
    }
    size_t n = BYTES - sent < PIECE ? BYTES - sent : PIECE;
    for (size_t i = 0; i < n; i++) {
        piece[i] = (char)pattern(sent + i);
    }
    NEED(tcp_connection_send_data(conn, piece, (int)n) >= 0);
    sent += n;
    return 0;
}

static int compare(struct buffer *buffer, struct tcp_connection *conn)
{
    for (int i = buffer->readIndex; i < buffer->writeIndex; i++) {
        wrong += (unsigned char)buffer->data[i] != pattern(received++);
    }
    buffer->readIndex = buffer->writeIndex;
    if (conn->output_buffer->writeIndex == conn->output_buffer->readIndex) {
        send_more(conn);
    }
    return 0;
}

CASE(megabytes_there_and_back)
{
    int listener = listen_here(address);
    pthread_t peer;
    make_loop();
    client = yolanda_client_new(loop, address, send_more, compare, send_more, on_closed);
    NEED(pthread_create(&peer, NULL, echo_all, &listener) == 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('X') == 1);
    join(peer);
    CHECK_INT(received, BYTES);
    CHECK_INT(wrong, 0);
}
