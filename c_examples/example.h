/*
 * What the examples share: which port to serve, how to end, and a cipher to echo with.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdint.h>

#include "lib/common.h"
#include "lib/event_loop.h"
#include "lib/http_server.h"
#include "yolanda.h"

/* The first argument, else PORT from the environment, else the course's own port.
 * With 0 the system picks a free one. */
static inline int example_port(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1] : getenv("PORT");
    char *end;
    long port;

    if (text == NULL || *text == '\0')
        return SERV_PORT;
    port = strtol(text, &end, 10);
    if (*end != '\0' || port < 0 || port > 65535)
        error(1, 0, "usage: %s [PORT]\n", argv[0]);
    return (int) port;
}

/* The address in the first argument, else the course's port on this machine. With port 0 the system
 * picks a free one; "*:80", "[::1]:80" and "unix:/path" are addresses, too. */
static inline const char *example_address(int argc, char **argv)
{
    return argc > 1 ? argv[1] : "localhost:43211";
}

/* Time as people say it, "1.5" seconds, in the milliseconds that the library counts in. */
static inline int64_t example_milliseconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= 1e6))
        error(1, 0, "not a number of seconds: %s\n", text);
    return (int64_t) (seconds * 1000 + 0.5);
}

/* Flushed, because whoever started us through a pipe waits for this line. */
static inline void example_announce(int port)
{
    printf("listening on port %d\n", port);
    fflush(stdout);
}

static inline void example_announce_address(struct TCPserver *server)
{
    char address[128]; /* enough for any */

    if (yolanda_server_address(server, address, sizeof(address)) < 0)
        err_sys("no address");
    printf("listening on %s\n", address);
    fflush(stdout);
}

/* Called by the loop, on its thread, when the signal has come. So it may do whatever any callback
 * may; a handler of sigaction(2), which meets the program in mid-work, may do very little. */
static inline void example_stop(struct event_loop *loop, int signal_number, void *data)
{
    (void) signal_number;
    (void) data;
    yolanda_loop_quit(loop);
}

/* Ctrl-C and kill make event_loop_run(loop) return, instead of ending the process in mid-work. */
static inline void example_stop_on_signals(struct event_loop *loop)
{
    if (yolanda_signal_start(loop, SIGINT, example_stop, NULL) == 0
        || yolanda_signal_start(loop, SIGTERM, example_stop, NULL) == 0)
        err_sys("no signal handler");
}

static inline void example_stopped(struct TCPserver *server, void *data)
{
    (void) data;
    yolanda_loop_quit(server->eventLoop);
}

static inline void example_stop_http(struct event_loop *loop, int signal_number, void *data)
{
    struct http_server *server = data;

    (void) signal_number;
    if (yolanda_server_stop(server->tcpServer, 5000, example_stopped, NULL) < 0)
        yolanda_loop_quit(loop); /* it is stopping already */
}

/* Ctrl-C and kill let requests in flight be answered, for five seconds at most; a second signal doesn't
 * wait for that. Then event_loop_run() returns. */
static inline void example_stop_http_on_signals(struct http_server *server)
{
    struct event_loop *loop = server->tcpServer->eventLoop;

    if (yolanda_signal_start(loop, SIGINT, example_stop_http, server) == 0
        || yolanda_signal_start(loop, SIGTERM, example_stop_http, server) == 0)
        err_sys("no signal handler");
}

/* Turns a letter by 13 places; doing it twice gives the letter back. */
static inline char rot13_char(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char) ('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z')
        return (char) ('A' + (c - 'A' + 13) % 26);
    return c;
}

#endif
