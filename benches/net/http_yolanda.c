/* http_yolanda - an HTTP server on the library: 200, text/plain and a body of 26 bytes.
 *
 * usage: http_yolanda PORT [THREADS] [nosigpipe]      (as in echo_yolanda) */
#include "yolanda_main.h"

#include <lib/http_server.h>

static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->contentType = "text/plain";
    response->body = "hello, network programming";
    return 0;
}

static void start(struct event_loop *loop, int port, int threads)
{
    http_server_start(http_server_new(loop, port, on_request, threads));
}
