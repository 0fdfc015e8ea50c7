/* server_aid.h - what the programs about servers share: a loop, clients by address, callbacks that
 * count on whatever thread. */
#ifndef SERVER_AID_H
#define SERVER_AID_H

#include "aid.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/un.h>
#include <time.h>
#include <yolanda.h>

#define SECONDS (10 * check_scale()) /* no wait is longer */

static struct event_loop *loop;
static struct TCPserver *server;
static atomic_int completed, messages, closed, done, last_error, completed_at_done;
/* The threads on which the last callbacks of each kind ran. */
static _Atomic pthread_t completed_on, message_on, closed_on;

UNUSED static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Lets the loop work until the condition holds. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        long long end_ = now_ms() + SECONDS * 1000;                                                \
        while (!(condition)) {                                                                     \
            yolanda_loop_run_once(loop, 5);                                                        \
            if (now_ms() > end_) {                                                                 \
                NEED(!"in time: " #condition);                                                     \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static int on_completed(struct tcp_connection *connection)
{
    (void)connection;
    completed_on = pthread_self();
    completed++;
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    message_on = pthread_self();
    messages++;
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_closed(struct tcp_connection *connection)
{
    last_error = yolanda_connection_error(connection);
    closed_on = pthread_self();
    closed++;
    return 0;
}

UNUSED static void on_done(struct TCPserver *which, void *data)
{
    CHECK(which == server);
    CHECK(data == &done);
    CHECK(pthread_equal(pthread_self(), loop->owner_thread_id));
    CHECK_INT(yolanda_server_connections(which), 0);
    completed_at_done = completed;
    done++;
}

UNUSED static struct TCPserver *make(const char *address, int threads)
{
    if (loop == NULL) {
        loop = yolanda_loop_new(NULL, NULL);
        NEED(loop != NULL);
    }
    server = yolanda_server_new(loop, address, on_completed, on_message, NULL, on_closed, threads);
    NEED(server != NULL);
    return server;
}

UNUSED static struct TCPserver *serve(const char *address, int threads)
{
    make(address, threads);
    NEED(yolanda_server_start(server) == 0);
    return server;
}

/* Frees the loop with all that it has, and begins anew. */
UNUSED static void end(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(completed, closed);
    loop = NULL;
    server = NULL;
    completed = messages = closed = done = last_error = 0;
}

/* The address of a text as yolanda_server_address writes it. */
UNUSED static socklen_t read_address(const char *text, struct sockaddr_storage *to)
{
    memset(to, 0, sizeof *to);
    if (strncmp(text, "unix:", 5) == 0) {
        struct sockaddr_un *un = (struct sockaddr_un *)to;
        size_t size = strlen(text + 5);
        un->sun_family = AF_UNIX;
        memcpy(un->sun_path, text + 5, size);
        if (text[5] == '@') {
            un->sun_path[0] = '\0';
            return offsetof(struct sockaddr_un, sun_path) + size;
        }
        return sizeof *un;
    }
    const char *colon = strrchr(text, ':');
    char host[64] = "";
    int v6 = text[0] == '[';
    memcpy(host, text + v6, colon - text - 2 * v6);
    if (v6) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;
        in->sin6_family = AF_INET6;
        in->sin6_port = htons(atoi(colon + 1));
        NEED(inet_pton(AF_INET6, host, &in->sin6_addr) == 1);
        return sizeof *in;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)to;
    in->sin_family = AF_INET;
    in->sin_port = htons(atoi(colon + 1));
    NEED(inet_pton(AF_INET, host, &in->sin_addr) == 1);
    return sizeof *in;
}

/* A connected client with a time limit on its calls, or -1 with errno. */
UNUSED static int dial(const char *address)
{
    struct sockaddr_storage to;
    socklen_t len = read_address(address, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = { SECONDS, 0 };
    NEED(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, len) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

UNUSED static int dial_port(int port)
{
    char text[64];
    snprintf(text, sizeof text, "127.0.0.1:%d", port);
    return dial(text);
}

UNUSED static int visit(void)
{
    int fd = dial_port(server->port);
    NEED(fd >= 0);
    return fd;
}

UNUSED static int readable(int fd)
{
    struct pollfd one = { fd, POLLIN, 0 };
    return poll(&one, 1, 0) == 1;
}

/* Closes with a reset. */
UNUSED static void reset_fd(int fd)
{
    struct linger hard = { 1, 0 };
    NEED(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    close(fd);
}

/* The server answers this client. */
UNUSED static void echoed(int fd, const char *text)
{
    char answer[64] = "";
    size_t size = strlen(text), got = 0;
    put(fd, text);
    while (got < size) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, answer + got, size - got, MSG_DONTWAIT);
        NEED(n > 0);
        got += n;
    }
    CHECK_TEXT(answer, text);
}

/* The client hears the end of the stream, in order, after so many bytes. */
UNUSED static void ends_after(int fd, long long bytes)
{
    static char block[1 << 16];
    long long got = 0;
    for (;;) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, block, sizeof block, MSG_DONTWAIT);
        if (n == 0) {
            break;
        }
        if (n < 0) {
            CHECK_INT(errno, 0);
            break;
        }
        got += n;
    }
    CHECK_INT(got, bytes);
}

/* The client's connection has ended, in whatever way. */
UNUSED static void ends(int fd)
{
    char byte;
    UNTIL(readable(fd));
    CHECK(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
}

UNUSED static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    NEED(getsockopt(fd, level, name, &value, &len) == 0);
    return value;
}

UNUSED static int threads_now(void)
{
    int n = 0;
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    NEED(file != NULL);
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Threads: %d", &n) != 1) {
    }
    fclose(file);
    return n;
}

/* So many threads run. One that was joined may be on its way out of the kernel still. ThreadSanitizer starts threads
 * of its own, which can't be told from the program's: with it nothing is checked. */
UNUSED static void has_threads(int n)
{
#ifdef SANITIZER_THREAD
    (void)n;
    return;
#endif
    long long late = now_ms() + SECONDS * 1000;
    while (threads_now() != n && now_ms() < late) {
        nap();
    }
    CHECK_INT(threads_now(), n);
}

#define REFUSED(call, error)                                                                       \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK_INT((call), -1);                                                                     \
        CHECK_INT(errno, (error));                                                                 \
    } while (0)

#define NO_SERVER(call, error)                                                                     \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK((call) == NULL);                                                                     \
        CHECK_INT(errno, (error));                                                                 \
    } while (0)

#endif
