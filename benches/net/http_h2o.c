/* http_h2o - libh2o on its own event loop.
 *
 * usage: http_h2o PORT [THREADS] */
#define H2O_USE_EPOLL 1
#define H2O_USE_LIBUV 0
#include "server.h"

#include <h2o.h>

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    (void)self;
    static h2o_generator_t gen = { NULL, NULL };
    h2o_iovec_t body = { .base = BODY, .len = sizeof BODY - 1 };
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = body.len;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("text/plain"));
    h2o_start_response(req, &gen);
    h2o_send(req, &body, 1, 1);
    return 0;
}

static __thread h2o_accept_ctx_t accept_ctx;

static void on_accept(h2o_socket_t *l, const char *err)
{
    int n = 16;
    h2o_socket_t *s;
    if (err)
        return;
    do {
        if (!(s = h2o_evloop_socket_accept(l)))
            return;
        h2o_accept(&accept_ctx, s);
    } while (--n);
}

static void *loop(void *arg)
{
    (void)arg;
    h2o_globalconf_t *config = calloc(1, sizeof *config);
    h2o_context_t *ctx = calloc(1, sizeof *ctx);
    h2o_config_init(config);
    h2o_hostconf_t *host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_handler_t *h = h2o_create_handler(path, sizeof *h);
    h->on_req = on_request;
    h2o_context_init(ctx, h2o_evloop_create(), config);
    accept_ctx.ctx = ctx;
    accept_ctx.hosts = config->hosts;
    h2o_socket_read_start(h2o_evloop_socket_create(ctx->loop, listen_on(SOCK_NONBLOCK), H2O_SOCKET_FLAG_DONT_READ), on_accept);
    while (h2o_evloop_run(ctx->loop, INT32_MAX) == 0)
        ;
    return NULL;
}

int main(int argc, char **argv)
{
    return run_threads(argc, argv, loop);
}
