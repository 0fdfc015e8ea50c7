/* echo_libuv - an echo server with libuv: uv_try_write first, then uv_write for what is left. Reading stops until that is
 * gone.
 *
 * usage: echo_libuv PORT [THREADS] */
#include "server.h"

#include <uv.h>

struct rest { uv_write_t req; char data[]; };

static __thread char buf[65536];

static void on_close(uv_handle_t *h) { free(h); }
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b);

static void on_alloc(uv_handle_t *h, size_t want, uv_buf_t *b)
{
    (void)h, (void)want;
    *b = uv_buf_init(buf, sizeof buf);
}

static void on_written(uv_write_t *req, int status)
{
    uv_stream_t *s = req->handle;
    free(req);
    if (uv_is_closing((uv_handle_t *)s))
        return;
    if (status < 0)
        uv_close((uv_handle_t *)s, on_close);
    else
        uv_read_start(s, on_alloc, on_read);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    if (n == 0)
        return;
    if (n < 0) {
        uv_close((uv_handle_t *)s, on_close);
        return;
    }
    uv_buf_t out = uv_buf_init(b->base, (unsigned)n);
    int k = uv_try_write(s, &out, 1);
    if (k == n)
        return;
    if (k < 0 && k != UV_EAGAIN) {
        uv_close((uv_handle_t *)s, on_close);
        return;
    }
    if (k < 0)
        k = 0;
    struct rest *r = malloc(sizeof *r + (size_t)(n - k));
    memcpy(r->data, b->base + k, (size_t)(n - k));
    out = uv_buf_init(r->data, (unsigned)(n - k));
    uv_read_stop(s);
    uv_write(&r->req, s, &out, 1, on_written);
}

static void on_connection(uv_stream_t *l, int status)
{
    if (status < 0)
        die("listen");
    uv_tcp_t *c = malloc(sizeof *c);
    uv_tcp_init(l->loop, c);
    if (uv_accept(l, (uv_stream_t *)c) == 0)
        uv_read_start((uv_stream_t *)c, on_alloc, on_read);
    else
        uv_close((uv_handle_t *)c, on_close);
}

static void *loop(void *arg)
{
    (void)arg;
    uv_loop_t uv;
    uv_tcp_t l;
    uv_loop_init(&uv);
    uv_tcp_init(&uv, &l);
    uv_tcp_open(&l, listen_on(SOCK_NONBLOCK));
    uv_listen((uv_stream_t *)&l, 1024, on_connection);
    uv_run(&uv, UV_RUN_DEFAULT);
    return NULL;
}

int main(int argc, char **argv) { return run_threads(argc, argv, loop); }
