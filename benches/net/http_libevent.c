/* http_libevent - libevent's evhttp; it answers every request with the body of 26 bytes.
 *
 * usage: http_libevent PORT [THREADS] */
#include "server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

static void on_request(struct evhttp_request *req, void *arg)
{
    (void)arg;
    struct evbuffer *b = evbuffer_new();
    evbuffer_add(b, BODY, sizeof BODY - 1);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", "text/plain");
    evhttp_send_reply(req, 200, "OK", b);
    evbuffer_free(b);
}

static void *loop(void *arg)
{
    (void)arg;
    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    evhttp_set_gencb(http, on_request, NULL);
    if (evhttp_accept_socket(http, listen_on(SOCK_NONBLOCK)))
        die("evhttp_accept_socket");
    event_base_dispatch(base);
    return NULL;
}

int main(int argc, char **argv) { return run_threads(argc, argv, loop); }
