/* http_unwanted THREADS FOLDER IDLE_MS BODY_MEMORY: an HTTP server with GET and POST of /echo, which answers with its
 * body, and FOLDER below /files/. What it prints for a line on stdin: "hold": bodies of /held stay unanswered, "go":
 * until then. SIGUSR1: requests that came to a handler, as messages. */
#include "net.h"
#include <lib/http_server.h>
#include <yolanda.h>

static struct http_server *server;
static struct http_response *held[8];
static int holding;

static void on_echo(struct http_request *request, struct http_response *response, void *data) {
    (void) data;
    size_t length;
    const char *body = yolanda_http_request_body(request, &length);
    messages++;
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_set_body(response, body, length) == 0);
}

/* Keeps the body until it is told to go on; on the loop's own thread only. */
static void on_held(struct http_request *request, struct http_response *response, void *data) {
    size_t length;
    (void) data;
    messages++;
    yolanda_http_request_body(request, &length);
    PROMISE(holding < 8 && (held[holding] = yolanda_http_response_defer(response)) != NULL);
    PROMISE(yolanda_http_response_set_status(held[holding++], 200, NULL) == 0);
}

static int on_command(void *data) {
    char line[64];
    ssize_t size = read(0, line, sizeof line - 1);
    (void) data;
    if (size <= 0)
        return 0;
    while (holding > 0)
        PROMISE(yolanda_http_response_send(held[--holding]) == 0);
    say("gone on");
    return 0;
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct yolanda_http_files *files = yolanda_http_files_new(argv[2], 0);
    server = yolanda_http_server_new(loop, "127.0.0.1:0", NULL, atoi(argv[1]));
    PROMISE(server != NULL && files != NULL);
    PROMISE(yolanda_http_server_route(server, "GET", "/echo", on_echo, NULL, NULL) == 0);
    PROMISE(yolanda_http_server_route(server, "POST", "/echo", on_echo, NULL, NULL) == 0);
    PROMISE(yolanda_http_server_route(server, "POST", "/held", on_held, NULL, NULL) == 0);
    PROMISE(yolanda_http_server_files(server, "/files/", files) == 0);
    PROMISE(yolanda_http_files_free(files) == 0);
    PROMISE(yolanda_http_server_set_deadlines(server, atoi(argv[3]), 60000, 60000, 60000, 60000) == 0);
    if (atol(argv[4]) > 0)
        PROMISE(yolanda_http_server_set_max_body_memory(server, atol(argv[4])) == 0);
    PROMISE(yolanda_http_server_start(server) == 0);
    say("port %d", server->tcpServer->port);
    struct channel *commands = channel_new(0, EVENT_READ, on_command, NULL, NULL);
    event_loop_add_channel_event(loop, 0, commands);
    return event_loop_run(loop);
}
