/* http_access THREADS ANSWER_MS HEAD_MS: an HTTP server with an access log, a line of which is
 *   log STATUS CUT BYTES MICROSECONDS WITH_REQUEST URL | the line in the Combined Log Format
 * /held is deferred until a line "release" comes on stdin. */
#define _GNU_SOURCE
#include "net.h"
#include <lib/http_server.h>
#include <lib/utils.h>
#include <sys/mman.h>
#include <time.h>
#include <yolanda.h>

static struct http_server *server;
static struct http_response *held;

static void on_access(const struct yolanda_http_access *entry, void *data) {
    char line[3000];
    struct timespec now;
    int size = yolanda_http_access_line(entry, line, sizeof line);
    PROMISE(data == &server && size > 0 && strlen(line) == (size_t) size);
    PROMISE(isInSameThread(entry->connection->eventLoop));
    PROMISE(entry->request == NULL ||
            yolanda_http_request_connection(entry->request) == entry->connection);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t us = now.tv_sec * 1000000LL + now.tv_nsec / 1000;
    PROMISE(entry->duration_us >= 0 && entry->began_us <= us && entry->began_us > us - 60000000);
    say("log %d %d %d %d %d %.500s | %s", entry->status, entry->cut, (int) entry->body_bytes,
        (int) entry->duration_us, entry->request != NULL, entry->url != NULL ? entry->url : "-", line);
}

static void answer(struct http_response *response, const char *body) {
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_set_body(response, body, strlen(body)) == 0);
}

static void on_plain(struct http_request *request, struct http_response *response, void *data) {
    (void) data;
    answer(response, "hello");
    memset(request->url, '#', strlen(request->url));
    memset(request->method, '#', strlen(request->method));
}

struct job {
    struct http_request *request;
    struct http_response *response;
};

/* Another thread answers: whole, or in parts. */
static void *work(void *data) {
    struct job *job = data;
    struct http_response *response = job->response;
    const char *kind = yolanda_http_request_param(job->request, "kind");
    if (strcmp(kind, "whole") == 0) {
        answer(response, "later");
    } else {
        PROMISE(yolanda_http_response_set_status(response, 201, NULL) == 0);
        PROMISE(yolanda_http_response_begin(response, strcmp(kind, "short") == 0 ? 10 : -1) == 0);
        PROMISE(yolanda_http_response_write(response, "1234", 4) == 0);
        PROMISE(yolanda_http_response_write(response, "567", 3) == 0);
    }
    PROMISE(yolanda_http_response_send(response) == 0);
    free(job);
    return NULL;
}

static void on_later(struct http_request *request, struct http_response *response, void *data) {
    (void) data;
    pthread_t thread;
    struct job *job = malloc(sizeof *job);
    job->request = request;
    job->response = yolanda_http_response_defer(response);
    PROMISE(job->response != NULL);
    PROMISE(pthread_create(&thread, NULL, work, job) == 0);
    pthread_detach(thread);
}

static void on_held(struct http_request *request, struct http_response *response, void *data) {
    held = yolanda_http_response_defer(response);
    memset(request->url, '#', strlen(request->url));
    if (data != NULL) {
        yolanda_http_response_set_status(held, 202, NULL);
        PROMISE(yolanda_http_response_begin(held, -1) == 0);
        PROMISE(yolanda_http_response_write(held, "some", 4) == 0);
    }
    messages++;
}

static void on_close(struct http_request *request, struct http_response *response, void *data) {
    (void) data;
    answer(response, "never seen");
    PROMISE(yolanda_connection_close(yolanda_http_request_connection(request)) == 0);
}

/* As many bytes of a file as the URL says. */
static void on_file(struct http_request *request, struct http_response *response, void *data) {
    long size = atol(yolanda_http_request_param(request, "size"));
    int fd = memfd_create("file", MFD_CLOEXEC);
    PROMISE(fd >= 0 && ftruncate(fd, size) == 0);
    if (data != NULL)
        response = yolanda_http_response_defer(response);
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_set_file(response, fd, 0, -1) == 0);
    if (strcmp(yolanda_http_request_query(request, "then"), "shorter") == 0)
        PROMISE(ftruncate(fd, size - 1) == 0);
    if (data != NULL)
        PROMISE(yolanda_http_response_send(response) == 0);
}

static int on_command(void *data) {
    char line[64];
    ssize_t size = read(0, line, sizeof line - 1);
    (void) data;
    if (size > 0 && strncmp(line, "release", 7) == 0) {
        answer(held, "held");
        if (yolanda_http_response_send(held) < 0)
            PROMISE(errno == ENOTCONN);
        say("released");
    }
    if (size > 0 && strncmp(line, "stats", 5) == 0) {
        struct yolanda_http_stats stats;
        PROMISE(yolanda_http_server_get_stats(server, &stats, sizeof stats) == 0);
        say("responses %d", (int) (stats.responses_2xx + stats.responses_3xx + stats.responses_4xx +
                                   stats.responses_5xx));
    }
    return 0;
}

static void route(const char *method, const char *pattern, yolanda_http_handler handler, void *data) {
    PROMISE(yolanda_http_server_route(server, method, pattern, handler, data, NULL) == 0);
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    server = yolanda_http_server_new(loop, "127.0.0.1:0", NULL, atoi(argv[1]));
    PROMISE(server != NULL);
    PROMISE(yolanda_http_server_set_deadlines(server, 0, atoi(argv[3]), 0, atoi(argv[2]), 0) == 0);
    PROMISE(yolanda_http_server_set_limits(server, 2000, 4000, 0, 1000) == 0);
    PROMISE(yolanda_http_server_set_access_log(server, on_access, &server) == 0);
    route("GET", "/plain/*", on_plain, NULL);
    route("POST", "/plain/*", on_plain, NULL);
    route("GET", "/later/:kind", on_later, NULL);
    route("GET", "/held", on_held, NULL);
    route("GET", "/file/:size", on_file, NULL);
    route("GET", "/later/file/:size", on_file, "later");
    route("GET", "/begun", on_held, "begun");
    route("GET", "/close", on_close, NULL);
    PROMISE(yolanda_http_server_start(server) == 0);
    PROMISE(yolanda_http_server_set_access_log(server, NULL, NULL) == -1 && errno == EBUSY);
    say("port %d", server->tcpServer->port);
    struct channel *commands = channel_new(0, EVENT_READ, on_command, NULL, NULL);
    event_loop_add_channel_event(loop, 0, commands);
    return event_loop_run(loop);
}
