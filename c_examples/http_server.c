/*
 * A web server: the library handles HTTP, the program fills in the responses.
 *
 *     ./http_server        then open in a browser        http://localhost:43211/
 */
#include "lib/http_server.h"
#include "example.h"

static void answer(struct http_response *response, enum HttpStatusCode code, char *message,
                   char *type, char *body)
{
    response->statusCode = code;
    response->statusMessage = message;
    response->contentType = type;
    response->body = body;
}

static void greet(struct http_request *request, struct http_response *response)
{
    /* The library reads the body after the callback has returned, so it can't be on the stack.
     * Two threads may be here at once, so each has its own. */
    static _Thread_local char body[256];
    char *agent = http_request_get_header(request, "User-Agent");

    snprintf(body, sizeof(body), "hello, %s\n", agent != NULL ? agent : "stranger");
    answer(response, OK, "OK", "text/plain", body);
}

/* Runs on the thread of the request's connection. */
static int on_request(struct http_request *request, struct http_response *response)
{
    char *query = strchr(request->url, '?');

    /* The callback may modify the strings of the request. */
    if (query != NULL)
        *query = '\0';

    if (strcmp(request->url, "/") == 0) {
        answer(response, OK, "OK", "text/html",
               "<!DOCTYPE html><title>yolanda</title>"
               "<h1>hello, network programming</h1>"
               "<p><a href=\"/network\">plain text</a>, <a href=\"/greeting\">a greeting</a>\n");
    } else if (strcmp(request->url, "/network") == 0) {
        answer(response, OK, "OK", "text/plain", "hello, network programming\n");
    } else if (strcmp(request->url, "/greeting") == 0) {
        greet(request, response);
    } else {
        answer(response, NotFound, "Not Found", "text/plain", "nothing here\n");
        response->keep_connected = 1; /* in spite of its name: close after this response */
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, example_port(argc, argv), on_request, 2);

    example_stop_on_signals(loop);
    http_server_start(server);
    example_announce(server->tcpServer->acceptor->listen_port);
    event_loop_run(loop);
    yolanda_loop_free(loop); /* with the server and its threads */
    return 0;
}
