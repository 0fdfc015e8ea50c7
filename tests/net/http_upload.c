/* http_upload THREADS: an HTTP server that counts and sums (Adler-32) the bodies of /sum and /slow; that of /slow
 * stops at each part for a moment. /refuse is refused with 403. What SIGUSR1 prints: bodies begun, cut,
 * complete. */
#include "net.h"
#include <yolanda.h>

struct sum {
    unsigned long length, a, b;
    int slow;
};

static void go_on(struct event_loop *loop, yolanda_timer timer, void *data) {
    (void) loop;
    (void) timer;
    struct tcp_connection *connection = data;
    if (yolanda_connection_resume(connection) < 0)
        PROMISE(errno == ENOTCONN);
    yolanda_connection_release(connection);
}

static void add(struct sum *sum, const unsigned char *bytes, size_t length) {
    sum->length += length;
    while (length > 0) {
        size_t most = length < 5552 ? length : 5552; /* no overflow of 32 bits */
        length -= most;
        for (; most > 0; most--) {
            sum->a += *bytes++;
            sum->b += sum->a;
        }
        sum->a %= 65521;
        sum->b %= 65521;
    }
}

static void on_body(struct http_request *request, const char *bytes, size_t length, int event, void *data) {
    struct sum *sum = data;
    if (event == YOLANDA_HTTP_BODY_CUT) {
        closed++;
        free(sum);
    } else if (event == YOLANDA_HTTP_BODY_COMPLETE) {
        messages++;
    } else {
        PROMISE(event == YOLANDA_HTTP_BODY_PART && length > 0);
        add(sum, (const unsigned char *) bytes, length);
        if (sum->slow) {
            struct tcp_connection *connection = yolanda_http_request_connection(request);
            PROMISE(yolanda_connection_pause(connection) == 0);
            PROMISE(yolanda_connection_retain(connection) == connection);
            PROMISE(yolanda_timer_start(connection->eventLoop, 0, 0, go_on, connection) != 0);
        }
    }
}

static void on_head(struct http_request *request, void *data) {
    PROMISE(data == NULL);
    if (strcmp(request->url, "/refuse") == 0) {
        PROMISE(yolanda_http_request_refuse(request, 403) == 0);
        return;
    }
    struct sum *sum = calloc(1, sizeof *sum);
    sum->a = 1;
    sum->slow = strcmp(request->url, "/slow") == 0;
    completed++;
    PROMISE(yolanda_http_request_stream_body(request, on_body, sum, 100 << 20) == 0);
}

static int on_request(struct http_request *request, struct http_response *response) {
    struct sum *sum = yolanda_http_request_stream_data(request);
    yolanda_http_response_set_status(response, 200, NULL);
    if (sum == NULL) {
        yolanda_http_response_set_body(response, "hello", 5);
        return 0;
    }
    char text[64];
    int size = snprintf(text, sizeof text, "%lu %lu", sum->length, sum->b << 16 | sum->a);
    free(sum);
    yolanda_http_response_set_body(response, text, size);
    return 0;
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, atoi(argv[1]));
    PROMISE(server != NULL);
    PROMISE(yolanda_http_server_set_head_callback(server, on_head, NULL) == 0);
    http_server_start(server);
    say_port(server->tcpServer->acceptor);
    return event_loop_run(loop);
}
