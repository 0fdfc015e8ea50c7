/* http_epoll - the least that an HTTP server can do, written directly on epoll: it looks for the blank line that ends
 * each request and writes a fixed response (keep-alive, a body of 26 bytes). One write answers all requests of one read.
 *
 * usage: http_epoll PORT [THREADS] [et]        (et: as in echo_epoll)
 *
 * It handles pipelining, requests split over reads, and "Connection: close" in a request. It handles no bodies and
 * nothing else of HTTP. */

/* A read, and a response to each blank line that fits into it. */
#define BUFFERS (BUF + BUF / 4 * sizeof LAST_RESPONSE)
#include "epoll.h"

/* The start of an unfinished request, or responses that a full socket didn't take (reading stops until they are gone). */
static struct rest { size_t offset, size; int out, close; char data[]; } *rest[MAXFD];

static void drop(int fd)
{
    free(rest[fd]);
    rest[fd] = NULL;
    close(fd);
}

static struct rest *keep(int fd, const char *data, size_t size)
{
    struct rest *r = malloc(sizeof *r + size);
    r->offset = 0, r->size = size, r->out = r->close = 0;
    memcpy(r->data, data, size);
    return rest[fd] = r;
}

static void on_read(int ep, int fd, char *in, char *out)
{
    size_t have = 0, answered = 0;
    int closing = 0;
    if (rest[fd]) {
        have = rest[fd]->size;
        memcpy(in, rest[fd]->data, have);
        free(rest[fd]);
        rest[fd] = NULL;
    }
    ssize_t got = take(fd, in + have, BUF - have);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) {
            if (have)
                keep(fd, in, have);
        } else
            drop(fd);
        return;
    }
    char *next = in, *end = in + have + got, *blank;
    while (!closing && (blank = memmem(next, (size_t)(end - next), "\r\n\r\n", 4))) {
        closing = memmem(next, (size_t)(blank - next), "onnection: close", 16) != NULL;
        size_t size = closing ? sizeof LAST_RESPONSE - 1 : sizeof RESPONSE - 1;
        memcpy(out + answered, closing ? LAST_RESPONSE : RESPONSE, size);
        answered += size;
        next = blank + 4;
    }
    if (answered) {
        ssize_t sent = give(fd, out, answered);
        if (sent < 0 && errno != EAGAIN) {
            drop(fd);
            return;
        }
        if (sent < (ssize_t)answered) {
            /* The start of a request behind these is lost. The clients used here never fill the socket. */
            sent = sent < 0 ? 0 : sent;
            struct rest *r = keep(fd, out + sent, answered - (size_t)sent);
            r->out = 1, r->close = closing;
            watch(ep, EPOLL_CTL_MOD, fd, EPOLLOUT);
            return;
        }
    }
    if (closing)
        drop(fd);
    else if (next < end) {
        if (end - next == BUF)          /* A request head of more than 64 KiB. */
            drop(fd);
        else
            keep(fd, next, (size_t)(end - next));
    }
}

static void on_write(int ep, int fd)
{
    struct rest *r = rest[fd];
    ssize_t sent = write(fd, r->data + r->offset, r->size - r->offset);
    if (sent < 0) {
        if (errno != EAGAIN)
            drop(fd);
        return;
    }
    r->offset += (size_t)sent;
    if (r->offset < r->size)
        return;
    if (r->close) {
        drop(fd);
        return;
    }
    free(r);
    rest[fd] = NULL;
    watch(ep, EPOLL_CTL_MOD, fd, readable());
}

static void on_ready(int ep, int fd, char *buffers)
{
    if (rest[fd] && rest[fd]->out)
        on_write(ep, fd);
    else
        on_read(ep, fd, buffers, buffers + BUF);
}
