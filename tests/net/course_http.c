/* course_http THREADS: copies the path as the course's own HTTP server does, without room for
 * the terminator and without writing one. It works only as long as malloc returns memory that
 * nobody has used. */
#include "net.h"
#include <lib/http_server.h>

static int on_request(struct http_request *request, struct http_response *response) {
    char *url = request->url;
    char *path = malloc(strlen(url));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstringop-truncation"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
    strncpy(path, url, strlen(url));
#pragma GCC diagnostic pop
    if (strcmp(path, "/") == 0 || strcmp(path, "/network") == 0 || strcmp(path, "/a/longer/path") == 0) {
        response->statusCode = OK;
        response->statusMessage = "OK";
        response->contentType = "text/html";
        response->body = "<p>found</p>";
    } else {
        response->statusCode = NotFound;
        response->statusMessage = "Not Found";
        response->keep_connected = 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, atoi(argv[1]));
    http_server_start(server);
    say_port(server->tcpServer->acceptor);
    return event_loop_run(loop);
}
