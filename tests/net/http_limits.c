/* http_limits THREADS IDLE HEAD BODY ANSWER WRITE MAX_REQUESTS BODY_MAX: an HTTP server with these deadlines
 * and limits. /never is deferred and answered when the client has gone, /late when a line "late" comes on stdin,
 * /flow is a body that doesn't end, /huge is a large one. A line "stop" stops the server, "free" frees it,
 * "stats" shows its counts. */
#include "net.h"
#include <yolanda.h>

static struct http_server *server;
static char huge[8 << 20];

static void on_stream(struct http_response *response, int event, void *data) {
    (void) data;
    if (event == YOLANDA_HTTP_CLOSED)
        yolanda_http_response_send(response);
}

static struct http_response *_Atomic late;

static void on_late(struct http_response *response, int event, void *data) {
    (void) event;
    (void) data;
    PROMISE(response == late);
}

static int on_request(struct http_request *request, struct http_response *response) {
    messages++;
    if (strcmp(request->url, "/never") == 0 || strcmp(request->url, "/flow") == 0) {
        struct http_response *later = yolanda_http_response_defer(response);
        PROMISE(yolanda_http_response_set_status(later, 200, NULL) == 0);
        if (strcmp(request->url, "/flow") == 0) {
            PROMISE(yolanda_http_response_begin(later, -1) == 0);
            PROMISE(yolanda_http_response_write(later, "some", 4) == 0);
        }
        PROMISE(yolanda_http_response_set_stream_callback(later, on_stream, NULL) == 0);
        return 0;
    }
    if (strcmp(request->url, "/late") == 0) {
        late = yolanda_http_response_defer(response);
        PROMISE(yolanda_http_response_set_stream_callback(late, on_late, NULL) == 0);
        return 0;
    }
    response->statusCode = strcmp(request->url, "/missing") == 0 ? 404 : 200;
    response->statusMessage = "Fine";
    if (strcmp(request->url, "/huge") == 0)
        yolanda_http_response_set_body(response, huge, sizeof huge);
    else
        response->body = "hello";
    return 0;
}

static void on_stopped(struct TCPserver *tcp, void *data) {
    PROMISE(tcp == server->tcpServer && data == NULL);
    say("stopped");
}

static int on_command(void *data) {
    char line[64];
    ssize_t size = read(0, line, sizeof line - 1);
    if (size <= 0)
        return 0;
    line[size] = 0;
    if (strcmp(line, "stop\n") == 0)
        PROMISE(yolanda_server_stop(server->tcpServer, 5000, on_stopped, NULL) == 0);
    if (strcmp(line, "free\n") == 0) {
        PROMISE(yolanda_http_server_free(server) == 0);
        say("freed");
    }
    if (strcmp(line, "stats\n") == 0) {
        struct yolanda_http_stats stats;
        PROMISE(yolanda_http_server_get_stats(server, &stats, sizeof stats) == 0);
        say("requests %d 2xx %d 3xx %d 4xx %d 5xx %d timeouts %d", (int) stats.requests,
            (int) stats.responses_2xx, (int) stats.responses_3xx, (int) stats.responses_4xx,
            (int) stats.responses_5xx, (int) stats.timeouts);
    }
    if (strcmp(line, "late\n") == 0) {
        struct http_response *response = late;
        late = NULL;
        PROMISE(yolanda_http_response_send(response) == 0);
        say("sent");
    }
    if (strcmp(line, "end\n") == 0)
        yolanda_loop_quit(data);
    return 0;
}

int main(int argc, char **argv) {
    int number[9] = {0};
    for (int i = 1; i < argc; i++)
        number[i] = atoi(argv[i]);
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    PROMISE(yolanda_http_server_new(loop, NULL, on_request, 0) == NULL && errno == EINVAL);
    PROMISE(yolanda_http_server_new(loop, "nonsense", on_request, 0) == NULL && errno == EINVAL);
    server = yolanda_http_server_new(loop, "127.0.0.1:0", on_request, number[1]);
    PROMISE(server != NULL);
    PROMISE(yolanda_http_server_set_deadlines(server, -1, 0, 0, 0, 0) == -1 && errno == EINVAL);
    PROMISE(yolanda_http_server_set_deadlines(server, number[2], number[3], number[4], number[5],
                                              number[6]) == 0);
    PROMISE(yolanda_http_server_set_max_requests(server, -1) == -1 && errno == EINVAL);
    PROMISE(yolanda_http_server_set_max_requests(server, number[7]) == 0);
    PROMISE(yolanda_http_server_set_limits(server, 0, 0, 0, (size_t) 2 << 30) == -1);
    PROMISE(yolanda_http_server_set_limits(server, 100, 1000, 5, number[8]) == 0);
    PROMISE(yolanda_http_server_start(server) == 0);
    PROMISE(yolanda_http_server_start(server) == -1 && errno == EALREADY);
    say("port %d", server->tcpServer->port);
    struct channel *commands = channel_new(0, EVENT_READ, on_command, NULL, loop);
    event_loop_add_channel_event(loop, 0, commands);
    event_loop_run(loop);
    free(commands);
    PROMISE(yolanda_loop_free(loop) == 0);
    say("ended");
    return 0;
}
