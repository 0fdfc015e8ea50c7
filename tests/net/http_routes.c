/* http_routes THREADS: an HTTP server with routes, each of which answers with its name, the method and its
 * parameters. /later/:id is answered by another thread. */
#include "net.h"
#include <lib/http_server.h>
#include <yolanda.h>

static void fill(struct http_request *request, struct http_response *response, const char *name) {
    static const char *const names[] = {"id", "post", "*"};
    char body[9000];
    size_t length;
    int size = snprintf(body, sizeof body, "%s %s", name, request->method);
    for (int i = 0; i < 3; i++) {
        const char *value = yolanda_http_request_param(request, names[i]);
        if (value != NULL)
            size += snprintf(body + size, sizeof body - size, " %s=[%s]", names[i], value);
    }
    PROMISE(yolanda_http_request_param(request, "none") == NULL && errno == ENOENT);
    yolanda_http_request_body(request, &length);
    if (length > 0)
        size += snprintf(body + size, sizeof body - size, " body %d", (int) length);
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_set_body(response, body, size) == 0);
}

static void on_route(struct http_request *request, struct http_response *response, void *data) {
    messages++;
    fill(request, response, data);
}

struct job {
    struct http_request *request;
    struct http_response *response;
};

static void *work(void *data) {
    struct job *job = data;
    fill(job->request, job->response, "later");
    PROMISE(yolanda_http_response_send(job->response) == 0);
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

static struct http_server *server;

static void route(const char *method, const char *pattern, yolanda_http_handler handler) {
    PROMISE(yolanda_http_server_route(server, method, pattern, handler, (void *) pattern, NULL) == 0);
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    server = yolanda_http_server_new(loop, "127.0.0.1:0", NULL, atoi(argv[1]));
    PROMISE(server != NULL);
    route("GET", "/", on_route);
    route("GET", "/users", on_route);
    route("POST", "/users", on_route);
    route("GET", "/users/:id/posts/:post", on_route);
    route("DELETE", "/users/:id/posts/:post", on_route);
    route("GET", "/users/me/posts/:post", on_route);
    route("GET", "/static/*", on_route);
    route("HEAD", "/own/head", on_route);
    route("GET", "/own/head", on_route);
    route("*", "/any", on_route);
    route("GET", "/later/:id", on_later);
    PROMISE(yolanda_http_server_start(server) == 0);
    say("port %d", server->tcpServer->port);
    return event_loop_run(loop);
}
