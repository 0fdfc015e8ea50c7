/* yolanda.h: bodies that are given to the program in parts. How they end is in http_upload_flow.c, large ones are
 * in tests/net/test_http_upload.py. */
#include "upload_aid.h"

CASE(before_the_start_only)
{
    REFUSED(yolanda_http_server_set_head_callback(NULL, on_head, NULL), EINVAL);
    begin();
    REFUSED(yolanda_http_server_set_head_callback(http, on_head, NULL), EBUSY);
    REFUSED(yolanda_http_server_set_head_callback(http, NULL, NULL), EBUSY);
    finish();
    loop = NULL;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_set_head_callback(http, on_head, NULL), 0);
    CHECK_INT(yolanda_http_server_set_head_callback(http, NULL, NULL), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    streams = 0;
    CHECK_TEXT(body_of(exchange(HEAD "Connection: close\r\nContent-Length: 2\r\n\r\nhi")), "hi");
    CHECK_INT(heads, 0);
    finish();
}

CASE(not_of_a_program_s_own_request)
{
    struct http_request *request = http_request_new();
    REFUSED(yolanda_http_request_stream_body(NULL, on_body, NULL, 0), EINVAL);
    REFUSED(yolanda_http_request_refuse(NULL, 400), EINVAL);
    REFUSED(yolanda_http_request_stream_body(request, on_body, NULL, 0), EPERM);
    REFUSED(yolanda_http_request_refuse(request, 400), EPERM);
    CHECK(yolanda_http_request_stream_data(NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(yolanda_http_request_stream_data(request) == NULL);
    CHECK_INT(errno, ENOENT);
    http_request_clear(request);
}

/* Cut in two at each byte. The next request follows at once. */
static void split_everywhere(const char *text, const char *expected)
{
    size_t size = strlen(text);
    begin();
    for (size_t first = 1; first < size; first++) {
        forget();
        int fd = dial_port(http->tcpServer->port);
        NEED(fd >= 0);
        NEED(write(fd, text, first) == (ssize_t)first);
        yolanda_loop_run_once(loop, 1000);
        yolanda_loop_run_once(loop, 0);
        put(fd, text + first);
        const char *answer = rest_of(fd), *second = strstr(answer + 1, "HTTP/1.1 200");
        NEED(second != NULL);
        CHECK(strncmp(body_of(answer), expected, strlen(expected)) == 0);
        CHECK_TEXT(body_of(second), "next");
        CHECK_INT(heads, 1);
        CHECK_INT(entries, 2);
        is_final(YOLANDA_HTTP_BODY_COMPLETE);
    }
    finish();
}

CASE(by_length)
{
    split_everywhere(HEAD "Content-Length: 12\r\n\r\nhello, world" NEXT, "hello, world");
}

CASE(by_chunks)
{
    split_everywhere(CHUNKED "7;a=b\r\nhello, \r\n1\r\nw\r\n4\r\norld\r\n0\r\nX-Trailer: 1\r\n\r\n" NEXT,
                     "hello, world");
}

CASE(no_bytes_at_all)
{
    begin();
    CHECK(strstr(exchange(CHUNKED "0\r\n\r\n" NEXT), "next") != NULL);
    CHECK_INT(parts, 0);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    forget();
    streams = 0;
    CHECK(strstr(exchange(HEAD "Content-Length: 0\r\n\r\n" NEXT), "next") != NULL);
    CHECK_INT(heads, 1);
    finish();
}

CASE(who_says_nothing_gets_it_collected)
{
    streams = 0;
    begin();
    CHECK_INT(yolanda_http_server_set_limits(http, 0, 0, 0, 5), 0);
    CHECK(strstr(exchange(HEAD "Content-Length: 5\r\n\r\nhello" NEXT), "hello") != NULL);
    CHECK(strstr(exchange(CHUNKED "5\r\nhello\r\n0\r\n\r\n" NEXT), "hello") != NULL);
    CHECK_INT(heads, 2);
    CHECK_INT(status_of(exchange(HEAD "Content-Length: 6\r\n\r\nhello!")), 413);
    CHECK_INT(status_of(exchange(CHUNKED "6\r\nhello!\r\n0\r\n\r\n")), 413);
    CHECK_INT(heads, 4);
    CHECK_INT(last_status, 413);
    finish();
}

CASE(limits_of_its_own)
{
    begin();
    CHECK_INT(yolanda_http_server_set_limits(http, 0, 0, 0, 2), 0);
    limit = 5;
    CHECK(strstr(exchange(HEAD "Content-Length: 5\r\n\r\nhello" NEXT), "hello") != NULL);
    forget();
    CHECK_INT(status_of(exchange(HEAD "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n")), 413);
    CHECK_INT(parts, 0);
    is_final(YOLANDA_HTTP_BODY_CUT);
    forget();
    CHECK_INT(status_of(exchange(CHUNKED "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n")), 413);
    CHECK_TEXT(body, "hel");
    CHECK_INT(answered, 0);
    CHECK_INT(entries, 1);
    is_final(YOLANDA_HTTP_BODY_CUT);
    forget();
    limit = 0;
    CHECK_INT(status_of(exchange(HEAD "Content-Length: 99999999999999999999\r\n\r\n")), 413);
    finish();
}

CASE(refused_early)
{
    refusal = 403;
    for (streams = 0; streams < 2; streams++) {
        forget();
        begin();
        const char *answer = exchange(HEAD "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
        CHECK_INT(status_of(answer), 403);
        CHECK_TEXT(header_of(answer, "Connection"), "close");
        CHECK_TEXT(body_of(answer), "Forbidden");
        CHECK_INT(entries, 1);
        CHECK_INT(last_status, 403);
        CHECK_INT(finals, streams);
        CHECK_INT(last_event, streams ? YOLANDA_HTTP_BODY_CUT : 0);
        CHECK_INT(answered, 0);
        /* What comes all the same is dropped, and so is what follows. */
        forget();
        answer = exchange(HEAD "Content-Length: 2\r\n\r\nhi" NEXT);
        CHECK_INT(status_of(answer), 403);
        CHECK_TEXT(body_of(answer), "Forbidden");
        CHECK_INT(parts, 0);
        finish();
        loop = NULL;
    }
}

CASE(expected)
{
    begin();
    int fd = begin_request(HEAD "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    UNTIL(readable(fd));
    char text[100] = "";
    CHECK_INT(recv(fd, text, sizeof text - 1, 0), 25);
    CHECK_TEXT(text, "HTTP/1.1 100 Continue\r\n\r\n");
    put(fd, "hi" NEXT);
    CHECK(strstr(rest_of(fd), "hi") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

CASE(malformed)
{
    begin();
    CHECK_INT(status_of(exchange(CHUNKED "2\r\nhi\r\nx\r\n")), 400);
    CHECK_TEXT(body, "hi");
    CHECK_INT(entries, 1);
    is_final(YOLANDA_HTTP_BODY_CUT);
    finish();
}

CASE(too_slow)
{
    begin();
    CHECK_INT(yolanda_http_server_set_deadlines(http, 0, 0, 50, 0, 0), 0);
    CHECK_INT(status_of(exchange(HEAD "Content-Length: 3\r\n\r\nhi")), 408);
    UNTIL(finals > 0);
    is_final(YOLANDA_HTTP_BODY_CUT);
    CHECK_INT(entries, 1);
    CHECK_INT(answered, 0);
    finish();
}
