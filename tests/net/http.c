/* http THREADS [PORT [nocallback]]: answers by URL; see on_request. */
#include "net.h"
#include <lib/http_server.h>

enum { BIG = 8 << 20 };
static char *big;
static __thread char text[65536];

static void show(struct http_response *response, const char *what) {
    snprintf(text, sizeof text, "%s", what ? what : "(null)");
    response->body = text;
}

static int on_request(struct http_request *request, struct http_response *response) {
    char *url = request->url;
    messages++;
    PROMISE(request->method != NULL && request->version != NULL && url != NULL);
    PROMISE(response->response_headers != NULL && response->response_headers_number == 0);
    PROMISE(response->body == NULL && response->contentType == NULL && response->keep_connected == 0);
    if (strcmp(url, "/nothing") == 0)
        return 0;
    response->statusCode = OK;
    response->statusMessage = "OK";
    if (strcmp(url, "/") == 0) {
        response->body = "hello";
    } else if (strcmp(url, "/html") == 0) {
        response->contentType = "text/html";
        response->body = "<p>hello</p>";
    } else if (strcmp(url, "/big") == 0) {
        response->body = big;
    } else if (strcmp(url, "/close") == 0) {
        response->keep_connected = 1;
        response->body = "bye";
    } else if (strcmp(url, "/missing") == 0) {
        response->statusCode = NotFound;
        response->statusMessage = "Not Found";
    } else if (strcmp(url, "/headers") == 0) {
        static char keys[128][16], values[128][16];
        for (int i = 0; i < 128; i++) {
            snprintf(keys[i], 16, "X-Number-%d", i);
            snprintf(values[i], 16, "value %d", i);
            response->response_headers[i].key = keys[i];
            response->response_headers[i].value = values[i];
        }
        response->response_headers_number = 128;
        response->body = "many";
    } else if (strcmp(url, "/line") == 0) {
        snprintf(text, sizeof text, "%s %s %s", request->method, url, request->version);
        response->body = text;
    } else if (strcmp(url, "/probe") == 0) {
        show(response, http_request_get_header(request, "X-Probe"));
    } else if (strcmp(url, "/wants-close") == 0) {
        show(response, http_request_close_connection(request) ? "yes" : "no");
    } else if (strncmp(url, "/cut/", 5) == 0) {
        /* Cut up in place, as programs do with strtok. */
        strtok(url, "/");
        char *word = strtok(NULL, "/");
        char *header = http_request_get_header(request, "X-Probe");
        if (header != NULL)
            header[0] = '*';
        snprintf(text, sizeof text, "%s %s", word, header ? header : "");
        memset(url, '!', strlen(url));
        response->body = text;
    } else if (strcmp(url, "/null-array") == 0) {
        /* The library frees the array that it made, whatever the field says. */
        response->response_headers = NULL;
        response->body = "no array";
    } else {
        /* The URL itself, which shows that answers come in order. */
        show(response, url);
    }
    return 0;
}

int main(int argc, char **argv) {
    int port = argc > 2 ? atoi(argv[2]) : 0;
    lines_at_once();
    report_on_signal();
    big = malloc(BIG + 1);
    for (int i = 0; i < BIG; i++)
        big[i] = 'a' + pattern(i) % 26;
    big[BIG] = 0;
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, port, argc > 3 ? NULL : on_request, atoi(argv[1]));
    PROMISE(server != NULL && server->tcpServer != NULL);
    http_server_start(server);
    say_port(server->tcpServer->acceptor);
    return event_loop_run(loop);
}
