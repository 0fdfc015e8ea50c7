/* echo_epoll - an echo server written directly on epoll: it reads into one buffer and writes straight back. The
 * practical limit of readiness I/O.
 *
 * usage: echo_epoll PORT [THREADS] [et]
 *
 * et: edge-triggered, with recv and send in place of read and write. That is cheaper: the kernel doesn't look at each
 * socket a second time in the next epoll_wait, and recv and send skip the file layer. */
#define BUFFERS BUF
#include "epoll.h"

/* What a full socket didn't take. Reading stops until it is gone. */
static struct pending { size_t offset, size; char data[]; } *pending[MAXFD];

static void drop(int fd)
{
    free(pending[fd]);
    pending[fd] = NULL;
    close(fd);
}

static void on_read(int ep, int fd, char *buf)
{
    ssize_t got, sent;
    int turns = 0;
    do {                        /* A full buffer: there is probably more. */
        got = take(fd, buf, BUF);
        if (got <= 0) {
            if (got == 0 || errno != EAGAIN)
                drop(fd);
            return;
        }
        sent = give(fd, buf, (size_t)got);
    } while (sent == BUF && (edge || ++turns < 16));
    if (sent == got)
        return;
    if (sent < 0 && errno != EAGAIN) {
        drop(fd);
        return;
    }
    if (sent < 0)
        sent = 0;
    struct pending *rest = malloc(sizeof *rest + (size_t)(got - sent));
    rest->offset = 0, rest->size = (size_t)(got - sent);
    memcpy(rest->data, buf + sent, rest->size);
    pending[fd] = rest;
    watch(ep, EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void on_write(int ep, int fd)
{
    struct pending *rest = pending[fd];
    ssize_t sent = write(fd, rest->data + rest->offset, rest->size - rest->offset);
    if (sent < 0) {
        if (errno != EAGAIN)
            drop(fd);
        return;
    }
    rest->offset += (size_t)sent;
    if (rest->offset < rest->size)
        return;
    free(rest);
    pending[fd] = NULL;
    watch(ep, EPOLL_CTL_MOD, fd, readable());
}

static void on_ready(int ep, int fd, char *buffers)
{
    if (pending[fd])
        on_write(ep, fd);
    else
        on_read(ep, fd, buffers);
}
