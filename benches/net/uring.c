/* uring - an echo or HTTP server on io_uring by raw system calls: multishot accept into direct descriptors, multishot
 * recv from a ring of provided buffers, and one io_uring_enter for all sends of an iteration. The practical limit of
 * completion I/O. Needs Linux 6.1.
 *
 * usage: uring PORT [THREADS] [echo|http] [BUFFERS] [BUFFER_SIZE] [POSTED]
 *
 * Of the BUFFERS (a power of two) only POSTED are in the ring at a time. The rest wait on a stack, so that the few in use
 * stay in the cache: the ring is first in, first out and would go through all of them.
 * One send is in flight per connection, because two could overtake each other. What arrives meanwhile is queued and goes
 * out in one sendmsg. Sends have MSG_WAITALL, so the kernel completes short ones. */
#include "server.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SQ 4096
#define CQ 65536
#define FILES 16384             /* direct descriptors; less than RLIMIT_NOFILE */
#define IOV 64                  /* buffers in one sendmsg */
#define COPIES 256              /* HTTP responses in one send */
#define GROUP 1

enum { OP_ACCEPT, OP_RECV, OP_SEND, OP_CLOSE };

struct conn {
    int head, tail;             /* buffers received and not sent yet; -1: none */
    int flying;                 /* first buffer of the send in flight */
    unsigned owed;              /* HTTP: responses not sent yet */
    uint8_t state;              /* HTTP: how much of CRLFCRLF has arrived */
    uint8_t sending, receiving, starved, closing, bye;
    struct gather { struct msghdr m; struct iovec v[IOV]; } *g;
};

struct ring {
    int fd, enter_fd;
    unsigned *sq_head, *sq_tail, sq_mask, *cq_head, *cq_tail, cq_mask, tail, submitted;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    struct io_uring_buf_ring *br;
    unsigned short br_tail;
    char *mem;
    int *next, *len;            /* by buffer */
    struct conn *conns;
    int *starved, nstarved;     /* connections whose recv found no buffer */
    int *stack, nfree;          /* buffers not in the ring */
    unsigned posted;
};

static int http;
static unsigned nbufs = 512, bufsize = 65536, want_posted = 128;
static char responses[COPIES * (sizeof RESPONSE - 1)];

static void enter(struct ring *r, unsigned wait)
{
    __atomic_store_n(r->sq_tail, r->tail, __ATOMIC_RELEASE);
    unsigned n = r->tail - r->submitted;
    long k = syscall(SYS_io_uring_enter, r->enter_fd, n, wait,
                     IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, NULL, 0);
    if (k < 0) {
        if (errno != EINTR && errno != EAGAIN && errno != EBUSY)
            die("io_uring_enter");
    } else
        r->submitted += (unsigned)k;
}

static struct io_uring_sqe *sqe(struct ring *r, int op, int idx)
{
    while (r->tail - __atomic_load_n(r->sq_head, __ATOMIC_ACQUIRE) > r->sq_mask)
        enter(r, 0);
    struct io_uring_sqe *s = &r->sqes[r->tail++ & r->sq_mask];
    memset(s, 0, sizeof *s);
    s->user_data = (uint64_t)op << 32 | (uint32_t)idx;
    return s;
}

static void arm_accept(struct ring *r, int lfd)
{
    struct io_uring_sqe *s = sqe(r, OP_ACCEPT, lfd);
    s->opcode = IORING_OP_ACCEPT;
    s->fd = lfd;
    s->ioprio = IORING_ACCEPT_MULTISHOT;
    s->file_index = IORING_FILE_INDEX_ALLOC;
}

static void arm_recv(struct ring *r, int i)
{
    struct io_uring_sqe *s = sqe(r, OP_RECV, i);
    s->opcode = IORING_OP_RECV;
    s->fd = i;
    s->flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    s->ioprio = IORING_RECV_MULTISHOT;
    s->buf_group = GROUP;
    r->conns[i].receiving = 1;
}

static void give_buffer(struct ring *r, int b) { r->stack[r->nfree++] = b; }

/* Fills the ring up; true if that added a buffer. */
static int post_buffers(struct ring *r)
{
    unsigned short start = r->br_tail;
    while (r->posted < want_posted && r->nfree) {
        int b = r->stack[--r->nfree];
        struct io_uring_buf *e = &r->br->bufs[r->br_tail++ & (nbufs - 1)];
        e->addr = (uint64_t)(r->mem + (size_t)b * bufsize);
        e->len = bufsize;
        e->bid = (unsigned short)b;
        r->posted++;
    }
    __atomic_store_n(&r->br->tail, r->br_tail, __ATOMIC_RELEASE);
    return r->br_tail != start;
}

static void give_list(struct ring *r, int b)
{
    while (b >= 0) {
        int n = r->next[b];
        give_buffer(r, b);
        b = n;
    }
}

static void start_send(struct ring *r, int i)
{
    struct conn *c = &r->conns[i];
    struct io_uring_sqe *s = sqe(r, OP_SEND, i);
    s->fd = i;
    s->flags = IOSQE_FIXED_FILE;
    s->msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
    c->sending = 1;
    if (http) {
        unsigned n = c->owed < COPIES ? c->owed : COPIES;
        s->opcode = IORING_OP_SEND;
        c->owed -= n;
        if (c->bye) {           /* alone: clients that close don't pipeline */
            s->addr = (uint64_t)LAST_RESPONSE;
            s->len = sizeof LAST_RESPONSE - 1;
        } else {
            s->addr = (uint64_t)responses;
            s->len = n * (unsigned)(sizeof RESPONSE - 1);
        }
        return;
    }
    int b = c->flying = c->head, last = b, n = 0;
    if (r->next[b] < 0) {
        s->opcode = IORING_OP_SEND;
        s->addr = (uint64_t)(r->mem + (size_t)b * bufsize);
        s->len = (unsigned)r->len[b];
    } else {
        if (!c->g)
            c->g = calloc(1, sizeof *c->g);
        for (; b >= 0 && n < IOV; last = b, b = r->next[b], n++)
            c->g->v[n] = (struct iovec){ r->mem + (size_t)b * bufsize, (size_t)r->len[b] };
        c->g->m.msg_iov = c->g->v;
        c->g->m.msg_iovlen = (size_t)n;
        s->opcode = IORING_OP_SENDMSG;
        s->addr = (uint64_t)&c->g->m;
        s->len = 1;
    }
    c->head = r->next[last];
    r->next[last] = -1;
    if (c->head < 0)
        c->tail = -1;
}

static void finish(struct ring *r, int i)
{
    struct conn *c = &r->conns[i];
    if (c->sending || c->receiving || c->starved)
        return;
    give_list(r, c->head);
    free(c->g);
    struct io_uring_sqe *s = sqe(r, OP_CLOSE, i);
    s->opcode = IORING_OP_CLOSE;
    s->file_index = (unsigned)i + 1;
    s->flags = IOSQE_CQE_SKIP_SUCCESS;
}

/* Counts the blank lines that end requests, across buffers. */
static void scan(struct conn *c, const char *p, int n)
{
    const char *q = p, *end = p + n;
    if (c->state == 0)          /* the common case: whole requests */
        for (; (q = memmem(p, (size_t)(end - p), "\r\n\r\n", 4)); p = q + 4) {
            c->owed++;
            if (memmem(p, (size_t)(q - p), "onnection: close", 16))
                c->bye = 1;
        }
    for (; p < end; p++) {
        c->state = *p == (c->state & 1 ? '\n' : '\r') ? c->state + 1 : *p == '\r';
        if (c->state == 4)
            c->owed++, c->state = 0;
    }
}

static void on_recv(struct ring *r, int i, int res, unsigned flags)
{
    struct conn *c = &r->conns[i];
    if (!(flags & IORING_CQE_F_MORE))
        c->receiving = 0;
    if (res > 0) {
        int b = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
        r->posted--;
        if (http) {
            scan(c, r->mem + (size_t)b * bufsize, res);
            give_buffer(r, b);
        } else {
            r->len[b] = res;
            r->next[b] = -1;
            if (c->tail >= 0)
                r->next[c->tail] = b;
            else
                c->head = b;
            c->tail = b;
        }
        if (!c->sending && (http ? c->owed > 0 : c->head >= 0))
            start_send(r, i);
    } else if (res == -ENOBUFS) {
        c->starved = 1;
        r->starved[r->nstarved++] = i;
        return;
    } else
        c->closing = 1;
    if (c->closing)
        finish(r, i);
    else if (!c->receiving)
        arm_recv(r, i);
}

static void on_send(struct ring *r, int i, int res)
{
    struct conn *c = &r->conns[i];
    c->sending = 0;
    give_list(r, c->flying);
    c->flying = -1;
    if (res < 0)
        c->closing = 1;
    else if (http ? c->owed > 0 : c->head >= 0) {
        start_send(r, i);
        return;
    }
    if (c->bye && !c->closing) {        /* the last request is answered: end the recv */
        c->closing = 1;
        struct io_uring_sqe *s = sqe(r, OP_CLOSE, i);
        s->opcode = IORING_OP_ASYNC_CANCEL;
        s->addr = (uint64_t)OP_RECV << 32 | (uint32_t)i;
        s->flags = IOSQE_CQE_SKIP_SUCCESS;
    }
    if (c->closing)
        finish(r, i);
}

static void on_accept(struct ring *r, int lfd, int res, unsigned flags)
{
    if (res >= 0) {
        struct conn *c = &r->conns[res];
        memset(c, 0, sizeof *c);
        c->head = c->tail = c->flying = -1;
        arm_recv(r, res);
    }
    if (!(flags & IORING_CQE_F_MORE))
        arm_accept(r, lfd);
}

static void *zeroed(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

static void setup(struct ring *r)
{
    struct io_uring_params p = { .cq_entries = CQ };
    p.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if ((r->fd = (int)syscall(SYS_io_uring_setup, SQ, &p)) < 0)
        die("io_uring_setup");
    size_t sz = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    size_t sz2 = p.sq_off.array + p.sq_entries * sizeof(unsigned);
    char *m = mmap(NULL, sz > sz2 ? sz : sz2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                   r->fd, IORING_OFF_SQ_RING);
    r->sqes = mmap(NULL, p.sq_entries * sizeof *r->sqes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
    if (m == MAP_FAILED || r->sqes == MAP_FAILED)
        die("mmap ring");
    r->sq_head = (unsigned *)(m + p.sq_off.head);
    r->sq_tail = (unsigned *)(m + p.sq_off.tail);
    r->sq_mask = *(unsigned *)(m + p.sq_off.ring_mask);
    r->cq_head = (unsigned *)(m + p.cq_off.head);
    r->cq_tail = (unsigned *)(m + p.cq_off.tail);
    r->cq_mask = *(unsigned *)(m + p.cq_off.ring_mask);
    r->cqes = (struct io_uring_cqe *)(m + p.cq_off.cqes);
    for (unsigned i = 0; i < p.sq_entries; i++)
        ((unsigned *)(m + p.sq_off.array))[i] = i;

    struct io_uring_rsrc_update up = { .offset = ~0u, .data = (uint64_t)r->fd };
    if (syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_RING_FDS, &up, 1) != 1)
        die("register ring fd");
    r->enter_fd = (int)up.offset;
    struct io_uring_rsrc_register files = { .nr = FILES, .flags = IORING_RSRC_REGISTER_SPARSE };
    if (syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_FILES2, &files, sizeof files))
        die("register files");

    r->br = zeroed(nbufs * sizeof(struct io_uring_buf));
    r->mem = zeroed((size_t)nbufs * bufsize);
    struct io_uring_buf_reg reg = { .ring_addr = (uint64_t)r->br, .ring_entries = nbufs, .bgid = GROUP };
    if (syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_PBUF_RING, &reg, 1))
        die("register buffers");
    r->next = zeroed(nbufs * sizeof(int));
    r->len = zeroed(nbufs * sizeof(int));
    r->conns = zeroed(FILES * sizeof(struct conn));
    r->starved = zeroed(FILES * sizeof(int));
    r->stack = zeroed(nbufs * sizeof(int));
    for (unsigned i = 0; i < nbufs; i++)
        give_buffer(r, (int)i);
}

static void *loop(void *arg)
{
    (void)arg;
    struct ring *r = calloc(1, sizeof *r);
    int lfd = listen_on(0);
    setup(r);
    arm_accept(r, lfd);
    for (;;) {
        if (post_buffers(r) && r->nstarved) {
            int n = r->nstarved;
            r->nstarved = 0;
            for (int k = 0; k < n; k++) {
                int i = r->starved[k];
                r->conns[i].starved = 0;
                if (r->conns[i].closing)
                    finish(r, i);
                else
                    arm_recv(r, i);
            }
        }
        enter(r, 1);
        unsigned head = *r->cq_head, tail = __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE);
        for (; head != tail; head++) {
            struct io_uring_cqe *e = &r->cqes[head & r->cq_mask];
            int i = (int)(uint32_t)e->user_data;
            switch (e->user_data >> 32) {
            case OP_ACCEPT: on_accept(r, i, e->res, e->flags); break;
            case OP_RECV: on_recv(r, i, e->res, e->flags); break;
            case OP_SEND: on_send(r, i, e->res); break;
            }
        }
        __atomic_store_n(r->cq_head, head, __ATOMIC_RELEASE);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    http = argc > 3 && !strcmp(argv[3], "http");
    if (argc > 4) nbufs = (unsigned)atoi(argv[4]);
    if (argc > 5) bufsize = (unsigned)atoi(argv[5]);
    if (argc > 6) want_posted = (unsigned)atoi(argv[6]);
    for (int i = 0; i < COPIES; i++)
        memcpy(responses + (size_t)i * (sizeof RESPONSE - 1), RESPONSE, sizeof RESPONSE - 1);
    return run_threads(argc, argv, loop);
}
