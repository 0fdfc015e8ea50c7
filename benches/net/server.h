/* server.h - what the reference servers share: arguments, the listening socket, threads, the HTTP response. */
#ifndef SERVER_H
#define SERVER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY "hello, network programming"       /* 26 bytes */
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 26\r\nContent-Type: text/plain\r\n"
#define RESPONSE HEAD "\r\n" BODY
#define LAST_RESPONSE HEAD "Connection: close\r\n\r\n" BODY

static int port, threads = 1;

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline void raise_nofile(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* Opens one listening socket per thread; SO_REUSEPORT spreads the connections over them. */
static inline int listen_on(int flags)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (threads > 1)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024))
        die("listen");
    return fd;
}

/* Takes the arguments PORT [THREADS] and runs an event loop on each thread. */
static inline int run_threads(int argc, char **argv, void *(*loop)(void *))
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s PORT [THREADS]\n", argv[0]);
        return 2;
    }
    port = atoi(argv[1]);
    if (argc > 2 && atoi(argv[2]) > 1)
        threads = atoi(argv[2]);
    signal(SIGPIPE, SIG_IGN);
    raise_nofile();
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, loop, NULL))
            die("pthread_create");
    }
    loop(NULL);
    return 0;
}

#endif
