/* connection_aid.h - one connection on a TCP socket pair, its callbacks counted, and a loop that the
 * case itself drives. */
#ifndef CONNECTION_AID_H
#define CONNECTION_AID_H

#include "aid.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/un.h>
#include <time.h>
#include <yolanda.h>

#define SECONDS (10 * check_scale()) /* no wait is longer */

static struct event_loop *loop;
static struct tcp_connection *conn;
static int peer; /* the other end of conn's socket */

static int connections; /* made so far: none has two closed callbacks */
static int completed, messages, written, closed, destroyed;
static size_t got;             /* bytes that message callbacks have seen as new */
static int keeps;              /* the message callback consumes nothing */
static int error_at_closed;    /* yolanda_connection_error in the closed callback */
static int within;             /* in a call that must not call back */
static pthread_t closed_on, destroyed_on;

/* The action of a case inside a callback. */
static void (*in_completed)(struct tcp_connection *), (*in_message)(struct tcp_connection *),
    (*in_written)(struct tcp_connection *), (*in_closed)(struct tcp_connection *);

UNUSED static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int on_completed(struct tcp_connection *one)
{
    completed++;
    if (in_completed != NULL) {
        in_completed(one);
    }
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *one)
{
    static int seen;
    CHECK(!within);
    CHECK(closed < connections); /* no message after the closed callback */
    messages++;
    int size = buffer_readable_size(input);
    CHECK(size > 0);
    got += size - seen;
    seen = size;
    if (in_message != NULL) {
        in_message(one);
    }
    if (!keeps) {
        input->readIndex = input->writeIndex;
        seen = 0;
    }
    return 0;
}

static int on_written(struct tcp_connection *one)
{
    CHECK(!within);
    CHECK(closed < connections);
    written++;
    if (in_written != NULL) {
        in_written(one);
    }
    return 0;
}

static int on_closed(struct tcp_connection *one)
{
    CHECK(!within);
    CHECK(++closed <= connections);
    closed_on = pthread_self();
    error_at_closed = yolanda_connection_error(one);
    CHECK_INT(yolanda_connection_is_open(one), 0);
    if (in_closed != NULL) {
        in_closed(one);
    }
    return 0;
}

UNUSED static void on_destroy(void *data)
{
    CHECK(data == &destroyed);
    destroyed++;
    destroyed_on = pthread_self();
}

/* A listening socket of the family on its loopback address. */
UNUSED static int listening(int family, struct sockaddr_storage *at, socklen_t *len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(at, 0, sizeof *at);
    at->ss_family = family;
    if (family == AF_INET) {
        ((struct sockaddr_in *)at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        *len = sizeof(struct sockaddr_in);
    } else {
        ((struct sockaddr_in6 *)at)->sin6_addr = in6addr_loopback;
        *len = sizeof(struct sockaddr_in6);
    }
    NEED(fd >= 0 && bind(fd, (struct sockaddr *)at, *len) == 0 && listen(fd, 100) == 0);
    NEED(getsockname(fd, (struct sockaddr *)at, len) == 0);
    return fd;
}

/* Two connected TCP sockets. */
UNUSED static void tcp_pair_of(int family, int fd[2])
{
    struct sockaddr_storage at;
    socklen_t len;
    int listener = listening(family, &at, &len);
    fd[1] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NEED(connect(fd[1], (struct sockaddr *)&at, len) == 0);
    fd[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    NEED(fd[0] >= 0);
    close(listener);
}

/* Makes `conn` on fd; its peer is `other`. */
UNUSED static void connect_on(int fd, int other)
{
    if (loop == NULL) {
        loop = yolanda_loop_new("test", NULL);
        NEED(loop != NULL);
    }
    peer = other;
    connections++;
    conn = tcp_connection_new(fd, loop, on_completed, on_closed, on_message, on_written);
    NEED(conn != NULL);
}

UNUSED static void set_up(void)
{
    int fd[2];
    tcp_pair_of(AF_INET, fd);
    connect_on(fd[0], fd[1]);
}

/* The same on a pair of Unix sockets, which take bytes only when the peer has read: a queue stays as
 * long as the case wants. */
UNUSED static void set_up_local(void)
{
    int fd[2];
    make_sockets(fd);
    connect_on(fd[0], fd[1]);
}

/* Lets the loop go on, a bounded time, until the condition holds. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        long long end_ = now_ms() + SECONDS * 1000;                                                \
        while (!(condition) && now_ms() < end_) {                                                  \
            yolanda_loop_run_once(loop, 10);                                                       \
        }                                                                                          \
        CHECK(condition);                                                                          \
    } while (0)

/* Lets the loop do what there is to do. */
UNUSED static void settle(void)
{
    for (int i = 0; i < 5; i++) {
        NEED(yolanda_loop_run_once(loop, 0) >= 0);
    }
}

UNUSED static void say(const char *text)
{
    NEED(write(peer, text, strlen(text)) == (ssize_t)strlen(text));
}

/* The peer's reset. */
UNUSED static void reset(void)
{
    struct linger hard = { 1, 0 };
    NEED(setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    close(peer);
}

/* A send in which no callback may run. */
UNUSED static int send_some(int size)
{
    static char block[1 << 20];
    NEED(size <= (int)sizeof block);
    within = 1;
    int sent = tcp_connection_send_data(conn, block, size);
    within = 0;
    return sent;
}

/* Sends until so much is queued. */
UNUSED static void queue(int size)
{
    while (buffer_readable_size(conn->output_buffer) == 0) {
        NEED(send_some(65536) >= 0);
    }
    int missing = size - buffer_readable_size(conn->output_buffer);
    while (missing > 0) {
        int part = missing < 65536 ? missing : 65536;
        NEED(send_some(part) == 0);
        missing -= part;
    }
}

UNUSED static int queued(void)
{
    return buffer_readable_size(conn->output_buffer);
}

/* Reads what the peer has got by now; how much, in all. -1: the end of the stream. */
UNUSED static long long drained;
UNUSED static int drain(void)
{
    static char bytes[1 << 20];
    ssize_t n = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        drained += n;
        return 1;
    }
    return n == 0 ? -1 : 0;
}

/* 0 and errno as after a call that returned what it should not. */
#define FAILS(call, e)                                                                             \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), -1);                                                                     \
        CHECK_INT(errno, (e));                                                                     \
    } while (0)

#endif
