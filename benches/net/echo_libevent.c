/* echo_libevent - an echo server with libevent's bufferevents, as a careful user writes it: input is moved to the output
 * without copying, and reading stops while more than 1 MiB is unsent.
 *
 * usage: echo_libevent PORT [THREADS] */
#include "server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#define HIGH (1 << 20)

static void on_read(struct bufferevent *b, void *arg)
{
    (void)arg;
    struct evbuffer *out = bufferevent_get_output(b);
    evbuffer_add_buffer(out, bufferevent_get_input(b));
    if (evbuffer_get_length(out) > HIGH)
        bufferevent_disable(b, EV_READ);
}

/* The output is empty. */
static void on_write(struct bufferevent *b, void *arg)
{
    (void)arg;
    if (!(bufferevent_get_enabled(b) & EV_READ))
        bufferevent_enable(b, EV_READ);
}

static void on_event(struct bufferevent *b, short what, void *arg)
{
    (void)arg;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(b);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *a, int n, void *base)
{
    (void)l, (void)a, (void)n;
    struct bufferevent *b = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(b, on_read, on_write, on_event, NULL);
    bufferevent_enable(b, EV_READ | EV_WRITE);
}

static void *loop(void *arg)
{
    (void)arg;
    struct event_base *base = event_base_new();
    evconnlistener_new(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE, 0, listen_on(SOCK_NONBLOCK));
    event_base_dispatch(base);
    return NULL;
}

int main(int argc, char **argv) { return run_threads(argc, argv, loop); }
