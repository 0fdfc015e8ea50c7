/* yolanda.h: the access log. What entries say of requests is looked at in tests/net/test_http_access.py. */
#include "http_aid.h"

static int entries, last_status, last_cut;

static void on_access(const struct yolanda_http_access *entry, void *data)
{
    CHECK(data == &entries);
    CHECK(pthread_equal(pthread_self(), loop->owner_thread_id));
    CHECK(strncmp(entry->peer, "127.0.0.1:", 10) == 0);
    entries++;
    last_status = entry->status;
    last_cut = entry->cut;
}

static void on_other(const struct yolanda_http_access *entry, void *data)
{
    (void)entry;
    (void)data;
    CHECK(!"replaced");
}

static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    response->statusCode = OK;
    response->body = "hello";
    return 0;
}

static void serve_logged(yolanda_http_access_callback callback, void *data)
{
    make_http(on_request);
    CHECK_INT(yolanda_http_server_set_access_log(http, callback, data), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static int send_request(const char *text)
{
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, text);
    return fd;
}

#define REQUEST "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

CASE(before_the_start_only)
{
    REFUSED(yolanda_http_server_set_access_log(NULL, on_access, NULL), EINVAL);
    make_http(on_request);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_other, NULL), 0);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access, &entries), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    REFUSED(yolanda_http_server_set_access_log(http, on_other, NULL), EBUSY);
    REFUSED(yolanda_http_server_set_access_log(http, NULL, NULL), EBUSY);
    CHECK_INT(status_of(asked("GET", "/")), 200);
    CHECK_INT(entries, 1);
    CHECK_INT(last_status, 200);
    CHECK_INT(last_cut, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(entries, 1);
    loop = NULL;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_other, NULL), 0);
    CHECK_INT(yolanda_http_server_set_access_log(http, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    CHECK_INT(status_of(asked("GET", "/")), 200);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_access_close(const struct yolanda_http_access *entry, void *data)
{
    (void)data;
    entries++;
    CHECK_TEXT(entry->url, "/a");
    CHECK_INT(yolanda_connection_close(entry->connection), 0);
    CHECK_TEXT(entry->url, "/a");
}

/* Nothing after it is served. */
CASE(closing_the_connection)
{
    serve_logged(on_access_close, NULL);
    int fd = send_request(REQUEST REQUEST);
    ends(fd);
    CHECK_INT(entries, 1);
    fd = send_request("nonsense\r\n");
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(fd);
}

static void on_access_close_any(const struct yolanda_http_access *entry, void *data)
{
    (void)data;
    entries++;
    last_status = entry->status;
    CHECK_INT(yolanda_connection_close(entry->connection), 0);
}

CASE(closing_one_that_is_refused)
{
    serve_logged(on_access_close_any, NULL);
    ends(send_request("nonsense\r\n"));
    CHECK_INT(entries, 1);
    CHECK_INT(last_status, 400);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_access_free(const struct yolanda_http_access *entry, void *data)
{
    (void)data;
    entries++;
    CHECK_INT(yolanda_http_server_free(http), 0);
    CHECK_TEXT(entry->url, "/a");
    CHECK_TEXT(entry->method, "GET");
}

CASE(freeing_the_server)
{
    serve_logged(on_access_free, NULL);
    ends(send_request(REQUEST REQUEST));
    CHECK_INT(entries, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int other_fd;

static int has_ended(int fd)
{
    struct pollfd one = { fd, POLLRDHUP, 0 };
    return poll(&one, 1, 0) == 1;
}

/* Another client is served, and this one's connection ends, before the callback returns. */
static void on_access_nested(const struct yolanda_http_access *entry, void *data)
{
    (void)data;
    entries++;
    if (entries > 1) {
        return;
    }
    CHECK_TEXT(entry->url, "/a");
    int fd = send_request("GET /nested HTTP/1.1\r\nHost: a\r\n\r\n");
    UNTIL(entries == 2);
    close(fd);
    CHECK_INT(yolanda_connection_close(entry->connection), 0);
    UNTIL(has_ended(other_fd));
    CHECK_TEXT(entry->url, "/a");
    CHECK_TEXT(entry->version, "HTTP/1.1");
}

CASE(running_the_loop)
{
    serve_logged(on_access_nested, NULL);
    other_fd = send_request(REQUEST REQUEST);
    UNTIL(entries == 2);
    ends(other_fd);
    CHECK_INT(entries, 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct http_response *later;

static int on_later(struct http_request *request, struct http_response *response)
{
    (void)request;
    later = yolanda_http_response_defer(response);
    return 0;
}

/* The same, for a response that is given later. */
CASE(running_the_loop_for_a_deferred_response)
{
    make_http(on_later);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access_nested, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    other_fd = send_request(REQUEST);
    UNTIL(later != NULL);
    http->requestCallback = on_request;
    yolanda_http_response_set_status(later, 200, NULL);
    CHECK_INT(yolanda_http_response_send(later), 0);
    UNTIL(entries == 2);
    UNTIL(has_ended(other_fd));
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Though a response is outstanding. */
CASE(a_server_that_is_freed_says_nothing_more)
{
    make_http(on_later);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access, &entries), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int fd = send_request(REQUEST);
    UNTIL(later != NULL);
    CHECK_INT(yolanda_http_server_free(http), 0);
    UNTIL(has_ended(fd));
    close(fd);
    REFUSED(yolanda_http_response_send(later), ENOTCONN);
    passes(loop, 3);
    CHECK_INT(entries, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(entries, 0);
}

static int handled;

static void on_route(struct http_request *request, struct http_response *response, void *data)
{
    (void)request, (void)data;
    handled++;
    yolanda_http_response_set_status(response, 200, NULL);
}

static void on_access_reset(const struct yolanda_http_access *entry, void *data)
{
    CHECK(data == &entries);
    NEED(entry->request != NULL);
    http_request_reset(entry->request);
    entries++;
}

/* The body of a request that nobody answers is still on its way then: it doesn't become a request. */
CASE(emptying_a_request)
{
    entries = handled = 0;
    loop = NULL;
    make_http(NULL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/a", on_route, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_set_access_log(http, on_access_reset, &entries), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    const char *answer = exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\n" REQUEST
                                  "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK_INT(status_of(answer), 405);
    CHECK_INT(handled, 1);
    CHECK_INT(entries, 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static const struct yolanda_http_access fine = {
    .peer = "[::1]:80",
    .method = "GET",
    .url = "/a\"\n",
    .version = "HTTP/1.1",
    .user_agent = "me\\",
    .status = 200,
    .body_bytes = 12345678901ull,
    .began_us = 971186136999999ll,
};
#define FINE                                                                                       \
    "::1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a\\\"\\x0a HTTP/1.1\" 200 12345678901 \"-\" \"me\\\\\""

CASE(lines)
{
    char line[200], expected[200];
    CHECK_INT(yolanda_http_access_line(&fine, line, sizeof line), strlen(FINE));
    CHECK_TEXT(line, FINE);
    CHECK_INT(yolanda_http_access_line(&fine, NULL, 0), strlen(FINE));
    for (size_t size = 1; size < sizeof line; size++) {
        memset(line, '#', sizeof line);
        CHECK_INT(yolanda_http_access_line(&fine, line, size), strlen(FINE));
        snprintf(expected, size, "%s", FINE);
        CHECK_TEXT(line, expected);
        CHECK_INT(line[size], '#');
    }
    static const struct yolanda_http_access nothing;
    CHECK_INT(yolanda_http_access_line(&nothing, line, sizeof line), 50);
    CHECK_TEXT(line, "- - - [01/Jan/1970:00:00:00 +0000] \"-\" - - \"-\" \"-\"");
    REFUSED(yolanda_http_access_line(NULL, line, sizeof line), EINVAL);
    REFUSED(yolanda_http_access_line(&fine, NULL, 1), EINVAL);
}
