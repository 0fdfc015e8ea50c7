/* http_forms THREADS: /form takes forms of both kinds in parts, and answers with a line for each part: name, file name,
 * content type, length and sum (Adler-32); /slow does it with a pause at each piece. /fields does it for the fields of
 * a whole body. /cookies answers with a line for each cookie, and sets it again. */
#include "net.h"
#include <yolanda.h>

struct upload {
    struct yolanda_http_form *form;
    int error; /* errno of what was wrong */
    int slow;
    char *text;
    size_t size, room;
    unsigned long length, a, b; /* of the current part */
};

__attribute__((format(printf, 2, 3)))
static void tell(struct upload *upload, const char *format, ...) {
    va_list args;
    if (upload->size + 10000 > upload->room) {
        upload->room = 2 * upload->room + 20000;
        PROMISE((upload->text = realloc(upload->text, upload->room)) != NULL);
    }
    va_start(args, format);
    upload->size += vsnprintf(upload->text + upload->size, 10000, format, args);
    va_end(args);
}

static int on_part(const struct yolanda_http_part *part, const char *bytes, size_t length, int event, void *data) {
    struct upload *upload = data;
    if (event == YOLANDA_HTTP_FORM_BEGIN) {
        upload->length = upload->b = 0;
        upload->a = 1;
    } else if (event == YOLANDA_HTTP_FORM_DATA) {
        upload->length += length;
        for (size_t i = 0; i < length; i++) {
            upload->a = (upload->a + (unsigned char) bytes[i]) % 65521;
            upload->b = (upload->b + upload->a) % 65521;
        }
    } else {
        tell(upload, "%s|%s|%s|%lu|%lu\n", part->name, part->filename ? part->filename : "-",
            part->content_type ? part->content_type : "-", upload->length, upload->b << 16 | upload->a);
    }
    return strcmp(part->name, "stop") == 0;
}

static void go_on(struct event_loop *loop, yolanda_timer timer, void *data) {
    struct tcp_connection *connection = data;
    (void) loop;
    (void) timer;
    if (yolanda_connection_resume(connection) < 0)
        PROMISE(errno == ENOTCONN);
    yolanda_connection_release(connection);
}

static void on_body(struct http_request *request, const char *bytes, size_t length, int event, void *data) {
    struct upload *upload = data;
    int result = 0;
    if (event == YOLANDA_HTTP_BODY_PART)
        result = yolanda_http_form_feed(upload->form, bytes, length);
    else if (event == YOLANDA_HTTP_BODY_COMPLETE)
        result = yolanda_http_form_finish(upload->form);
    else
        closed++;
    if (result < 0)
        upload->error = errno;
    if (upload->slow && event == YOLANDA_HTTP_BODY_PART) {
        struct tcp_connection *connection = yolanda_http_request_connection(request);
        PROMISE(yolanda_connection_pause(connection) == 0);
        PROMISE(yolanda_connection_retain(connection) == connection);
        PROMISE(yolanda_timer_start(connection->eventLoop, 0, 0, go_on, connection) != 0);
    }
}

static void destroy(void *data) {
    struct upload *upload = data;
    yolanda_http_form_free(upload->form);
    free(upload->text);
    free(upload);
    written++;
}

static void on_head(struct http_request *request, void *data) {
    struct upload *upload;
    (void) data;
    if (strcmp(request->url, "/fields") == 0) {
        PROMISE(yolanda_http_request_form_count(request) == -1 && errno == EINVAL);
        return;
    }
    PROMISE((upload = calloc(1, sizeof *upload)) != NULL);
    upload->slow = strcmp(request->url, "/slow") == 0;
    upload->form = yolanda_http_form_new(yolanda_http_request_header_at(request, "Content-Type", 0), on_part, upload,
                                         100, 500);
    if (upload->form == NULL) {
        PROMISE(errno == ENOTSUP);
        PROMISE(yolanda_http_request_refuse(request, 415) == 0);
        free(upload);
        return;
    }
    PROMISE(yolanda_http_request_stream_body(request, on_body, upload, 100 << 20) == 0);
    PROMISE(yolanda_http_request_set_stream_destroy(request, destroy) == 0);
    completed++;
}

static void show_fields(struct http_request *request, struct http_response *response, struct upload *text) {
    int count = yolanda_http_request_form_count(request);
    if (count < 0)
        yolanda_http_response_set_status(response, errno == ENOTSUP ? 415 : 400, NULL);
    for (int i = 0; i < count; i++) {
        const char *name, *value;
        PROMISE(yolanda_http_request_form_at(request, i, &name, &value) == 0);
        tell(text, "%s=%s\n", name, value);
    }
}

static void show_cookies(struct http_request *request, struct http_response *response, struct upload *text) {
    int count = yolanda_http_request_cookie_count(request);
    for (int i = 0; i < count; i++) {
        const char *name, *value;
        struct yolanda_http_cookie cookie = { .size = sizeof cookie, .path = "/", .max_age = 60, .http_only = 1 };
        PROMISE(yolanda_http_request_cookie_at(request, i, &name, &value) == 0);
        tell(text, "%s=%s\n", name, value);
        if (yolanda_http_response_set_cookie(response, name, value, &cookie) < 0)
            PROMISE(errno == EINVAL);
    }
}

static int on_request(struct http_request *request, struct http_response *response) {
    struct upload *upload = yolanda_http_request_stream_data(request), text = { .text = NULL };
    messages++;
    yolanda_http_response_set_status(response, 200, NULL);
    if (upload != NULL) {
        PROMISE(yolanda_http_request_form_count(request) == -1 && errno == ENOTSUP);
        if (upload->error != 0) {
            yolanda_http_response_set_status(response, upload->error == ECANCELED ? 403 : 400, NULL);
            tell(upload, "%s\n", strerror(upload->error));
        }
        yolanda_http_response_set_body(response, upload->text, upload->size);
        return 0;
    }
    if (strcmp(request->url, "/fields") == 0)
        show_fields(request, response, &text);
    else
        show_cookies(request, response, &text);
    yolanda_http_response_set_body(response, text.text, text.size);
    free(text.text);
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
