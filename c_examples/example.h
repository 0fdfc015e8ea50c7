/*
 * Shared by the examples: the port or address to serve, stopping on signals, and rot13.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdint.h>

#include "lib/common.h"
#include "lib/event_loop.h"
#include "lib/http_server.h"
#include "yolanda.h"

/* The first argument, else PORT from the environment, else the course's port.
 * With 0, the system chooses a free one. */
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

/* The address in the first argument, else the course's port on this machine. With port 0, the system
 * chooses a free one; "*:80", "[::1]:80" and "unix:/path" are addresses, too. */
static inline const char *example_address(int argc, char **argv)
{
    return argc > 1 ? argv[1] : "localhost:43211";
}

/* Converts seconds such as "1.5" to the library's milliseconds. */
static inline int64_t example_milliseconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end != '\0' || !(seconds >= 0.001 && seconds <= 1e6))
        error(1, 0, "not a number of seconds: %s\n", text);
    return (int64_t) (seconds * 1000 + 0.5);
}

/* Flushed, because a program that started this one through a pipe waits for this line. */
static inline void example_announce(int port)
{
    printf("listening on port %d\n", port);
    fflush(stdout);
}

static inline void example_announce_address(struct TCPserver *server)
{
    char address[128]; /* enough for any address */

    if (yolanda_server_address(server, address, sizeof(address)) < 0)
        err_sys("no address");
    printf("listening on %s\n", address);
    fflush(stdout);
}

/* Called by the loop, on its thread, after the signal. So it may call everything that a callback may. A
 * handler of sigaction(2) interrupts the program anywhere, and may call very little. */
static inline void example_stop(struct event_loop *loop, int signal_number, void *data)
{
    (void) signal_number;
    (void) data;
    yolanda_loop_quit(loop);
}

/* Makes event_loop_run(loop) return on Ctrl-C and kill, instead of ending the process at once. */
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
        yolanda_loop_quit(loop); /* it is already stopping */
}

/* On Ctrl-C and kill, requests in progress still get their responses, for five seconds at most; a second
 * signal ends that. Then event_loop_run() returns. */
static inline void example_stop_http_on_signals(struct http_server *server)
{
    struct event_loop *loop = server->tcpServer->eventLoop;

    if (yolanda_signal_start(loop, SIGINT, example_stop_http, server) == 0
        || yolanda_signal_start(loop, SIGTERM, example_stop_http, server) == 0)
        err_sys("no signal handler");
}

/* Shifts a letter by 13 places; doing it twice gives the letter back. */
static inline char rot13_char(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char) ('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z')
        return (char) ('A' + (c - 'A' + 13) % 26);
    return c;
}

#endif
