/* client_aid.h - what the programs about clients share: a loop, peers, and a record of callbacks. */
#ifndef CLIENT_AID_H
#define CLIENT_AID_H

#include "aid.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/un.h>
#include <time.h>
#include <yolanda.h>

#ifndef SECONDS
#define SECONDS (10 * check_scale()) /* no wait is longer */
#endif

static struct event_loop *loop;

/* What happened, a letter for each callback: C completed, M message, W write completed, X closed,
 * F failed. The last error of F. */
static char seen[4096];
static int seen_len, last_error;
static struct tcp_connection *last_conn;
static struct yolanda_client *client;

UNUSED static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

UNUSED static void note(char what)
{
    NEED(seen_len < (int)sizeof seen - 1);
    seen[seen_len++] = what;
    seen[seen_len] = '\0';
}

UNUSED static int times(char what)
{
    int n = 0;
    for (const char *at = seen; *at != '\0'; at++) {
        n += *at == what;
    }
    return n;
}

UNUSED static void forget(void)
{
    seen_len = 0;
    seen[0] = '\0';
}

/* The action of a case inside a callback. */
static void (*in_completed)(struct tcp_connection *), (*in_message)(struct tcp_connection *),
    (*in_written)(struct tcp_connection *), (*in_closed)(struct tcp_connection *), (*in_failed)(void);

UNUSED static int on_completed(struct tcp_connection *conn)
{
    note('C');
    last_conn = conn;
    if (in_completed != NULL) {
        in_completed(conn);
    }
    return 0;
}

UNUSED static int on_message(struct buffer *buffer, struct tcp_connection *conn)
{
    note('M');
    if (in_message != NULL) {
        in_message(conn);
    }
    buffer->readIndex = buffer->writeIndex;
    return 0;
}

UNUSED static int on_written(struct tcp_connection *conn)
{
    note('W');
    if (in_written != NULL) {
        in_written(conn);
    }
    return 0;
}

UNUSED static int on_closed(struct tcp_connection *conn)
{
    note('X');
    if (in_closed != NULL) {
        in_closed(conn);
    }
    return 0;
}

UNUSED static void on_failed(struct yolanda_client *failed, int error, void *data)
{
    note('F');
    last_error = error;
    CHECK(failed == client && data == &last_error);
    if (in_failed != NULL) {
        in_failed();
    }
}

UNUSED static void make_loop(void)
{
    if (loop == NULL) {
        loop = yolanda_loop_new("clients", NULL);
        NEED(loop != NULL);
    }
}

/* An idle client with all callbacks; `client` from now on. */
UNUSED static struct yolanda_client *new_client(const char *address)
{
    make_loop();
    client = yolanda_client_new(loop, address, on_completed, on_message, on_written, on_closed);
    NEED(client != NULL);
    CHECK_INT(yolanda_client_set_failed_callback(client, on_failed, &last_error), 0);
    return client;
}

/* Runs the loop until the condition holds, for a bounded time. */
#define RUN_UNTIL(condition)                                                                       \
    do {                                                                                           \
        long long until_ = now_ms() + SECONDS * 1000;                                              \
        while (!(condition) && now_ms() < until_) {                                                \
            NEED(yolanda_loop_run_once(loop, 50) >= 0);                                            \
        }                                                                                          \
        NEED(condition);                                                                           \
    } while (0)

/* Runs the loop for some passes, so that everything that was sent arrives. */
UNUSED static void settle(void)
{
    for (int i = 0; i < 20; i++) {
        NEED(yolanda_loop_run_once(loop, 1) >= 0);
    }
}

/* Memory in use, in KiB. With a sanitizer the figure says nothing about the program. */
UNUSED static long resident(void)
{
    long total = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%ld %ld", &total, &pages) == 2);
    fclose(file);
    return SANITIZED ? 0 : pages * getpagesize() / 1024;
}

/* A socket bound to an IPv4 address and port (0: a free one), or -1. It doesn't listen: clients are
 * refused, and the port is kept from others, but not from the sockets of this function. */
UNUSED static int bound(const char *ip, int port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    NEED(fd >= 0 && inet_pton(AF_INET, ip, &in.sin_addr) == 1);
    NEED(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) < 0) {
        NEED(errno == EADDRINUSE);
        close(fd);
        return -1;
    }
    return fd;
}

/* A socket's own address, as clients take it; its port. */
UNUSED static int address_of(int fd, char address[64])
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    char ip[INET_ADDRSTRLEN];
    NEED(getsockname(fd, (struct sockaddr *)&in, &len) == 0);
    NEED(inet_ntop(AF_INET, &in.sin_addr, ip, sizeof ip) != NULL);
    snprintf(address, 64, "%s:%d", ip, ntohs(in.sin_port));
    return ntohs(in.sin_port);
}

/* A socket that listens on a port that `refusing` holds, or on a free one. */
UNUSED static int listen_at(int port, int backlog, char address[64])
{
    int fd = bound("127.0.0.1", port);
    NEED(fd >= 0 && listen(fd, backlog) == 0);
    address_of(fd, address);
    return fd;
}

UNUSED static int listen_here(char address[64])
{
    return listen_at(0, 128, address);
}

UNUSED static int port_of(const char *address)
{
    return atoi(strrchr(address, ':') + 1);
}

/* An address that refuses. */
UNUSED static int refusing(char address[64])
{
    int fd = bound("127.0.0.1", 0);
    NEED(fd >= 0);
    address_of(fd, address);
    return fd;
}

/* Fills the backlog of a listening socket, so that the kernel drops further connections. */
UNUSED static void fill_queue(int listener)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    NEED(getsockname(listener, (struct sockaddr *)&in, &len) == 0);
    for (int i = 0; i < 16; i++) {
        int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        NEED(filler >= 0);
        NEED(connect(filler, (struct sockaddr *)&in, sizeof in) == 0 || errno == EINPROGRESS);
        struct pollfd p = { filler, POLLOUT, 0 };
        if (poll(&p, 1, 100) == 0) {
            return;
        }
    }
    NEED(!"a full queue");
}

UNUSED static int black_hole(char address[64])
{
    int fd = listen_at(0, 0, address);
    fill_queue(fd);
    return fd;
}

UNUSED static int take(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    NEED(fd >= 0);
    return fd;
}

/* Reads exactly n bytes. */
UNUSED static void take_bytes(int fd, char *to, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, to, n);
        NEED(got > 0);
        to += got;
        n -= (size_t)got;
    }
}

/* The bytes of a message wait at the peer's end of an established client. */
UNUSED static void is_echoed(int peer)
{
    char text[6] = "";
    CHECK_INT(tcp_connection_send_data(last_conn, "hello", 5), 5);
    take_bytes(peer, text, 5);
    CHECK_TEXT(text, "hello");
    int before = times('M');
    put(peer, "there");
    RUN_UNTIL(times('M') > before);
}

#endif
