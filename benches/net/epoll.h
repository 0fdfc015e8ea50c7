/* epoll.h - the loop of the servers written directly on epoll. A server that includes this file defines on_ready, and
 * before that BUFFERS: how many bytes of memory each loop lends it. */
#ifndef EPOLL_H
#define EPOLL_H

#include "server.h"

#include <sys/epoll.h>

#define BUF 65536
#define MAXFD 65536

/* Edge-triggered, with recv and send. Otherwise level-triggered, with read and write. */
static int edge;

/* Called when a connection is ready. */
static void on_ready(int ep, int fd, char *buffers);

static uint32_t readable(void)
{
    return edge ? EPOLLIN | EPOLLET : EPOLLIN;
}

static void watch(int ep, int op, int fd, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.fd = fd };
    if (epoll_ctl(ep, op, fd, &e))
        die("epoll_ctl");
}

static ssize_t take(int fd, char *data, size_t size)
{
    return edge ? recv(fd, data, size, MSG_DONTWAIT) : read(fd, data, size);
}

static ssize_t give(int fd, const char *data, size_t size)
{
    return edge ? send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, data, size);
}

static void *loop(void *arg)
{
    (void)arg;
    char *buffers = malloc(BUFFERS);
    struct epoll_event events[512];
    int listening = listen_on(SOCK_NONBLOCK), ep = epoll_create1(0);
    if (!buffers || ep < 0)
        die("loop");
    watch(ep, EPOLL_CTL_ADD, listening, EPOLLIN);
    for (;;) {
        int n = epoll_wait(ep, events, 512, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listening) {
                int accepted;
                while ((accepted = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0)
                    watch(ep, EPOLL_CTL_ADD, accepted, readable());
            } else
                on_ready(ep, fd, buffers);
        }
    }
    return NULL;
}

/* PORT [THREADS] [et] */
int main(int argc, char **argv)
{
    edge = argc > 3;
    return run_threads(argc, argv, loop);
}

#endif
