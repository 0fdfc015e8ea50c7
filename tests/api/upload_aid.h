/* upload_aid.h - an HTTP server with a head callback, and what its callbacks were given. */
#ifndef UPLOAD_AID_H
#define UPLOAD_AID_H

#include "http_aid.h"

#define HEAD "POST /up HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define NEXT "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* What the callbacks were given, and what they do. */
static int heads, parts, finals, last_event, answered, entries, last_status;
static char body[1 << 17];
static size_t got;
static uint64_t limit;
static int streams = 1;
static int refusal; /* 0: none */
static void (*in_head)(struct http_request *), (*in_part)(struct http_request *), (*in_final)(struct http_request *);
static struct tcp_connection *connection;

UNUSED static void forget(void)
{
    heads = parts = finals = last_event = answered = entries = last_status = 0;
    got = 0;
    connection = NULL;
}

static void on_body(struct http_request *request, const char *bytes, size_t length, int event, void *data)
{
    CHECK(data == &got);
    CHECK(yolanda_http_request_stream_data(request) == &got);
    CHECK_TEXT(request->url, "/up");
    CHECK_INT(finals, 0);
    CHECK_INT(answered, 0);
    if (event == YOLANDA_HTTP_BODY_PART) {
        CHECK(length > 0);
        NEED(got + length < sizeof body);
        memcpy(body + got, bytes, length);
        got += length;
        body[got] = '\0';
        parts++;
        if (in_part != NULL) {
            in_part(request);
        }
        return;
    }
    CHECK(bytes == NULL);
    CHECK_INT(length, 0);
    last_event = event;
    finals++;
    if (in_final != NULL) {
        in_final(request);
    }
}

static void on_head(struct http_request *request, void *data)
{
    CHECK(data == &heads);
    CHECK_TEXT(yolanda_http_request_path(request), "/up");
    CHECK(yolanda_http_request_stream_data(request) == NULL);
    CHECK_INT(errno, ENOENT);
    connection = yolanda_http_request_connection(request);
    heads++;
    if (streams) {
        REFUSED(yolanda_http_request_stream_body(request, NULL, &got, limit), EINVAL);
        CHECK_INT(yolanda_http_request_stream_body(request, on_body, &got, limit), 0);
        REFUSED(yolanda_http_request_stream_body(request, on_body, &got, limit), EALREADY);
    }
    if (in_head != NULL) {
        in_head(request);
    }
    if (refusal != 0) {
        REFUSED(yolanda_http_request_refuse(request, 399), EINVAL);
        REFUSED(yolanda_http_request_refuse(request, 600), EINVAL);
        CHECK_INT(yolanda_http_request_refuse(request, refusal), 0);
        REFUSED(yolanda_http_request_refuse(request, 400), EALREADY);
        REFUSED(yolanda_http_request_stream_body(request, on_body, &got, 0), EALREADY);
    }
}

UNUSED static int on_request(struct http_request *request, struct http_response *response)
{
    size_t length = 1;
    REFUSED(yolanda_http_request_stream_body(request, on_body, &got, 0), EPERM);
    REFUSED(yolanda_http_request_refuse(request, 400), EPERM);
    yolanda_http_response_set_status(response, 200, NULL);
    if (strcmp(request->url, "/next") == 0) {
        yolanda_http_response_set_body(response, "next", 4);
        return 0;
    }
    answered++;
    if (streams) {
        CHECK_INT(last_event, YOLANDA_HTTP_BODY_COMPLETE);
        CHECK(yolanda_http_request_stream_data(request) == &got);
        CHECK_TEXT(yolanda_http_request_body(request, &length), "");
        CHECK_INT(length, 0);
        yolanda_http_response_set_body(response, body, got);
    } else {
        const char *all = yolanda_http_request_body(request, &length);
        yolanda_http_response_set_body(response, all, length);
    }
    return 0;
}

static void on_access(const struct yolanda_http_access *entry, void *data)
{
    (void)data;
    entries++;
    last_status = entry->status;
}

UNUSED static void begin(void)
{
    make_http(on_request);
    CHECK_INT(yolanda_http_server_set_head_callback(http, on_head, &heads), 0);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

UNUSED static void finish(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Exactly one final call, and what it said. */
UNUSED static void is_final(int event)
{
    CHECK_INT(finals, 1);
    CHECK_INT(last_event, event);
}

UNUSED static int begin_request(const char *text)
{
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, text);
    return fd;
}

/* What comes back until the connection ends, orderly or not. */
UNUSED static const char *rest_of(int fd)
{
    static char text[1 << 16];
    size_t size = 0;
    for (;;) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, text + size, sizeof text - 1 - size, MSG_DONTWAIT);
        if (n <= 0) {
            break;
        }
        size += n;
    }
    close(fd);
    text[size] = '\0';
    return text;
}

#endif
