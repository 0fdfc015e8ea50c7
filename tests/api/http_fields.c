/* yolanda.h: what a program that doesn't know the structs asks of requests, responses and HTTP
 * servers. */
#include "http_aid.h"

static int asks;

static int look(struct http_request *request, struct http_response *response)
{
    const char *name = NULL, *value = NULL;
    size_t length = 9;
    asks++;
    CHECK_TEXT(yolanda_http_request_method(request), "PUT");
    CHECK_TEXT(yolanda_http_request_url(request), "/a%20b?c=d");
    CHECK_TEXT(yolanda_http_request_version(request), "HTTP/1.1");
    CHECK_INT(yolanda_http_request_header_count(request), 4);
    CHECK_INT(yolanda_http_request_header_entry(request, 1, &name, &value), 0);
    CHECK_TEXT(name, "X-oNe");
    CHECK_TEXT(value, "first");
    CHECK_INT(yolanda_http_request_header_entry(request, 2, NULL, &value), 0);
    CHECK_TEXT(value, "second");
    CHECK_INT(yolanda_http_request_header_entry(request, 0, &name, NULL), 0);
    CHECK_TEXT(name, "Host");
    CHECK_INT(yolanda_http_request_header_entry(request, 3, NULL, NULL), 0);
    errno = 0;
    CHECK_INT(yolanda_http_request_header_entry(request, 4, &name, &value), -1);
    CHECK_INT(errno, ENOENT);
    errno = 0;
    CHECK_INT(yolanda_http_request_header_entry(request, -1, &name, &value), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_TEXT(name, "Host");
    CHECK_TEXT(yolanda_http_request_header(request, "x-one"), "first");
    errno = 0;
    CHECK(yolanda_http_request_header(request, "x-on") == NULL);
    CHECK_INT(errno, ENOENT);
    errno = 0;
    CHECK(yolanda_http_request_header(request, "") == NULL);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK(yolanda_http_request_header(request, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    struct tcp_connection *connection = yolanda_http_request_connection(request);
    CHECK(yolanda_connection_server(connection) == yolanda_http_server_tcp_server(http));
    /* The server has its own pointer there. */
    errno = 0;
    CHECK_INT(yolanda_connection_set_data(connection, &asks), -1);
    CHECK_INT(errno, ENOTSUP);
    errno = 0;
    CHECK(yolanda_connection_data(connection) == NULL);
    CHECK_INT(errno, ENOTSUP);
    CHECK_INT(yolanda_connection_set_user_data(connection, &asks, NULL), 0);

    CHECK_INT(yolanda_http_response_status(response), 0);
    CHECK(yolanda_http_response_content_type(response) == NULL);
    CHECK_TEXT(yolanda_http_response_body(response, &length), "");
    CHECK_INT(length, 0);
    CHECK_INT(yolanda_http_response_set_status(response, 201, NULL), 0);
    CHECK_INT(yolanda_http_response_status(response), 201);
    CHECK_INT(yolanda_http_response_set_content_type(response, "text/plain"), 0);
    CHECK_TEXT(yolanda_http_response_content_type(response), "text/plain");
    CHECK_INT(yolanda_http_response_add_header(response, "X-A", " b "), 0);
    CHECK_INT(yolanda_http_response_add_header(response, "X-A", "c"), 0);
    CHECK_INT(yolanda_http_response_add_header(response, "X-Empty", ""), 0);
    CHECK_TEXT(yolanda_http_response_header(response, "x-a"), "b");
    CHECK_TEXT(yolanda_http_response_header(response, "x-empty"), "");
    errno = 0;
    CHECK(yolanda_http_response_header(response, "content-type") == NULL);
    CHECK_INT(errno, ENOENT);
    errno = 0;
    CHECK(yolanda_http_response_header(response, "") == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_http_response_set_body(response, "a\0b", 3), 0);
    CHECK(memcmp(yolanda_http_response_body(response, &length), "a\0b", 4) == 0);
    CHECK_INT(length, 3);
    CHECK(yolanda_http_response_body(response, NULL) != NULL);
    response->body = "a text";
    CHECK_TEXT(yolanda_http_response_body(response, &length), "a text");
    CHECK_INT(length, 6);
    return 0;
}

CASE(a_request_and_its_response)
{
    make_http(look);
    CHECK_INT(yolanda_http_server_start(http), 0);
    const char *answer = exchange("PUT /a%20b?c=d HTTP/1.1\r\nHost: a\r\nX-oNe:  first \r\nX-One: second\r\n"
                                  "Connection: close\r\n\r\n");
    CHECK_INT(asks, 1);
    CHECK_INT(status_of(answer), 201);
    CHECK_TEXT(header_of(answer, "X-A"), "b");
    CHECK_TEXT(body_of(answer), "a text");
}

CASE(before_the_request_line)
{
    struct http_request *request = http_request_new();
    NEED(request != NULL);
    errno = 0;
    CHECK(yolanda_http_request_method(request) == NULL);
    CHECK_INT(errno, ENOENT);
    errno = 0;
    CHECK(yolanda_http_request_url(request) == NULL);
    CHECK_INT(errno, ENOENT);
    errno = 0;
    CHECK(yolanda_http_request_version(request) == NULL);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_http_request_header_count(request), 0);
    http_request_clear(request);
}

CASE(a_length_is_set_for_null_as_well)
{
    size_t length = 7;
    errno = 0;
    CHECK(yolanda_http_response_body(NULL, &length) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(length, 0);
}

static int closes;

static int ask_for_close(struct http_request *request, struct http_response *response)
{
    (void)request;
    asks++;
    CHECK_INT(yolanda_http_response_set_status(response, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_close(response, 1), 0);
    CHECK_INT(yolanda_http_response_set_close(response, closes), 0);
    return 0;
}

CASE(a_response_closes_the_connection)
{
    make_http(ask_for_close);
    CHECK_INT(yolanda_http_server_start(http), 0);
    closes = 2;
    const char *answer = exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_TEXT(header_of(answer, "Connection"), "close");
    closes = 0;
    int fd = dial_port(yolanda_server_port(yolanda_http_server_tcp_server(http)));
    NEED(fd >= 0);
    put(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    UNTIL(asks == 2 && readable(fd));
    put(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    UNTIL(asks == 3);
    close(fd);
}

CASE(the_tcp_server_of_an_http_server)
{
    make_http(look);
    CHECK(yolanda_http_server_tcp_server(http) == http->tcpServer);
    CHECK(yolanda_server_loop(yolanda_http_server_tcp_server(http)) == loop);
    errno = 0;
    CHECK(yolanda_server_data(yolanda_http_server_tcp_server(http)) == NULL);
    CHECK_INT(errno, ENOTSUP);
}
