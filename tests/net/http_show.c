/* http_show THREADS: answers each request with what it saw of it, a line each, odd bytes as \xNN. */
#include "net.h"
#include <lib/http_server.h>
#include <yolanda.h>

struct text {
    char *at;
    size_t size, room;
};
static __thread struct text text;

static void put(const char *bytes, size_t size) {
    while (text.size + 4 * size + 1 > text.room) {
        text.room = text.room ? 2 * text.room : 4096;
        text.at = realloc(text.at, text.room);
        PROMISE(text.at != NULL);
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = bytes[i];
        int odd = byte < ' ' || byte > '~' || byte == '\\';
        text.size += snprintf(text.at + text.size, 5, odd ? "\\x%02x" : "%c", byte);
    }
}

static void end_line(void) {
    text.at[text.size++] = '\n';
}

static void say_of(const char *name, const char *value) {
    put(name, strlen(name));
    put(" ", 1);
    put(value, strlen(value));
    end_line();
}

static int on_request(struct http_request *request, struct http_response *response) {
    size_t length = 0;
    char peer[128];
    struct tcp_connection *connection = yolanda_http_request_connection(request);
    const char *body = yolanda_http_request_body(request, &length), *path;
    messages++;
    PROMISE(connection != NULL && yolanda_connection_peer(connection, peer, sizeof peer) == 0);
    PROMISE(body != NULL && body[length] == '\0');
    text.size = 0;
    say_of(request->method, request->url);
    say_of("version", request->version);
    for (int i = 0; i < request->request_headers_number; i++) {
        put("header ", 7);
        say_of(request->request_headers[i].key, request->request_headers[i].value);
    }
    path = yolanda_http_request_path(request);
    say_of("path", path != NULL ? path : errno == EINVAL ? "EINVAL" : "?");
    int count = yolanda_http_request_query_count(request);
    for (int i = 0; i < count; i++) {
        const char *name, *value;
        PROMISE(yolanda_http_request_query_at(request, i, &name, &value) == 0);
        put("parameter ", 10);
        say_of(name, value);
    }
    if (count < 0)
        say_of("parameters", errno == EINVAL ? "EINVAL" : "?");
    put("body ", 5);
    put(body, length);
    end_line();
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_set_body(response, text.at, text.size) == 0);
    return 0;
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, atoi(argv[1]));
    PROMISE(server != NULL);
    http_server_start(server);
    say_port(server->tcpServer->acceptor);
    return event_loop_run(loop);
}
