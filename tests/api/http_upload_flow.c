/* yolanda.h: bodies that are given in parts, where the client goes, the program stops, closes or frees within
 * its callbacks, and where the answer is given later. */
#include "upload_aid.h"

#define PART HEAD "Content-Length: 10\r\n\r\nhello"
#define WHOLE HEAD "Content-Length: 10\r\n\r\nhelloworld"

CASE(the_client_goes)
{
    begin();
    for (int how = 0; how < 4; how++) {
        forget();
        int fd = begin_request(how & 1 ? CHUNKED "5\r\nhello\r\n5\r\n" : PART);
        UNTIL(parts == 1);
        CHECK_INT(finals, 0);
        if (how & 2) {
            struct linger none = { 1, 0 };
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        }
        close(fd);
        UNTIL(finals > 0);
        passes(loop, 3);
        is_final(YOLANDA_HTTP_BODY_CUT);
        CHECK_TEXT(body, "hello");
        CHECK_INT(answered, 0);
    }
    /* Behind the head, before any of the body. */
    forget();
    int fd = begin_request(HEAD "Content-Length: 10\r\n\r\n");
    UNTIL(heads == 1);
    close(fd);
    UNTIL(finals > 0);
    is_final(YOLANDA_HTTP_BODY_CUT);
    finish();
    is_final(YOLANDA_HTTP_BODY_CUT);
}

static void close_it(struct http_request *request)
{
    CHECK_INT(yolanda_connection_close(yolanda_http_request_connection(request)), 0);
}

static void close_later(struct http_request *request)
{
    CHECK_INT(yolanda_connection_close_after_send(yolanda_http_request_connection(request), 0), 0);
}

static void free_server(struct http_request *request)
{
    (void)request;
    CHECK_INT(yolanda_http_server_free(http), 0);
}

static void reset_it(struct http_request *request)
{
    http_request_reset(request);
    CHECK_TEXT(request->url, "/up");
    CHECK(yolanda_http_request_stream_data(request) == &got);
}

/* What `act` does ends the connection, in whichever callback it is done. */
static void ends_within(void (*act)(struct http_request *))
{
    for (int where = 0; where < 3; where++) {
        forget();
        begin();
        in_head = where == 0 ? act : NULL;
        in_part = where == 1 ? act : NULL;
        in_final = where == 2 ? act : NULL;
        int fd = begin_request(CHUNKED "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n" NEXT);
        CHECK_TEXT(rest_of(fd), "");
        CHECK_INT(parts, where);
        CHECK_INT(answered, 0);
        is_final(where < 2 ? YOLANDA_HTTP_BODY_CUT : YOLANDA_HTTP_BODY_COMPLETE);
        finish();
        CHECK_INT(finals, 1);
        loop = NULL;
    }
}

CASE(closed_within)
{
    ends_within(close_it);
}

CASE(closed_after_sending_within)
{
    ends_within(close_later);
}

/* What was answered before is sent. */
CASE(closed_behind_another_answer)
{
    begin();
    in_head = close_later;
    CHECK_TEXT(body_of(exchange("GET /next HTTP/1.1\r\nHost: a\r\n\r\n" PART)), "next");
    is_final(YOLANDA_HTTP_BODY_CUT);
    finish();
}

CASE(the_server_is_freed_within)
{
    ends_within(free_server);
}

CASE(reset_within)
{
    begin();
    in_head = in_part = reset_it;
    CHECK(strstr(exchange(WHOLE NEXT), "helloworld") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

CASE(the_server_is_freed)
{
    begin();
    int fd = begin_request(PART);
    UNTIL(parts == 1);
    CHECK_INT(yolanda_http_server_free(http), 0);
    CHECK_TEXT(rest_of(fd), "");
    is_final(YOLANDA_HTTP_BODY_CUT);
    finish();
    CHECK_INT(finals, 1);
}

CASE(the_loop_is_freed)
{
    begin();
    int fd = begin_request(PART);
    UNTIL(parts == 1);
    finish();
    is_final(YOLANDA_HTTP_BODY_CUT);
    close(fd);
}

static int other = -1;

/* The client goes on within the callback. */
static void run_loop(struct http_request *request)
{
    if (other >= 0) {
        int fd = other;
        other = -1;
        put(fd, "world");
        passes(loop, 5);
        CHECK_INT(parts, 1);
        CHECK_TEXT(request->url, "/up");
    }
}

CASE(the_loop_runs_within)
{
    begin();
    in_part = run_loop;
    int fd = other = begin_request(PART);
    UNTIL(answered > 0);
    CHECK_TEXT(body, "helloworld");
    close(fd);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

static void close_and_run_loop(struct http_request *request)
{
    close_it(request);
    passes(loop, 5);
    CHECK_INT(finals, 0);
    CHECK_TEXT(request->url, "/up");
}

static void close_later_and_run_loop(struct http_request *request)
{
    close_later(request);
    passes(loop, 5);
}

CASE(it_is_closed_while_the_loop_runs_within)
{
    for (int i = 0; i < 2; i++) {
        forget();
        begin();
        in_part = i ? close_and_run_loop : close_later_and_run_loop;
        int fd = begin_request(PART);
        CHECK_TEXT(rest_of(fd), "");
        is_final(YOLANDA_HTTP_BODY_CUT);
        finish();
        loop = NULL;
    }
}

/* Stopping. */

static int stopped;

static void stop(struct http_request *request)
{
    (void)request;
    CHECK_INT(stopped, 0);
    CHECK_INT(yolanda_connection_pause(connection), 0);
    stopped = 1;
}

static void go_on(void)
{
    CHECK(stopped);
    stopped = 0;
    CHECK_INT(yolanda_connection_resume(connection), 0);
}

static void is_still(void)
{
    int before = parts;
    passes(loop, 10);
    CHECK_INT(parts, before);
    CHECK_INT(finals, 0);
}

/* After each part, the last one too; all that there is has come. */
static void stops_after_each(const char *text, int count)
{
    forget();
    in_head = in_part = stop;
    int fd = begin_request(text);
    UNTIL(heads == 1);
    for (int i = 0; i < count; i++) {
        is_still();
        go_on();
        UNTIL(parts == i + 1);
    }
    CHECK_INT(stopped, 1);
    is_still();
    go_on();
    const char *answer = rest_of(fd);
    CHECK(strstr(answer, "helloworld") != NULL);
    CHECK(strstr(answer, "next") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
}

CASE(stopping)
{
    begin();
    stops_after_each(WHOLE NEXT, 1);
    stops_after_each(CHUNKED "5\r\nhello\r\n1\r\nw\r\n4\r\norld\r\n0\r\n\r\n" NEXT, 3);
    finish();
}

/* The client isn't the one to wait for: no deadline runs, and its end of stream doesn't count before the
 * body. */
CASE(stopped_for_long)
{
    begin();
    CHECK_INT(yolanda_http_server_set_deadlines(http, 0, 0, 40, 0, 0), 0);
    in_part = stop;
    int fd = begin_request(WHOLE);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    UNTIL(parts == 1);
    long long until = now_ms() + 200;
    UNTIL(now_ms() > until);
    CHECK_INT(finals, 0);
    go_on();
    CHECK(strstr(rest_of(fd), "helloworld") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

CASE(stopped_when_it_ends)
{
    begin();
    in_part = stop;
    int fd = begin_request(WHOLE);
    UNTIL(parts == 1);
    finish();
    is_final(YOLANDA_HTTP_BODY_CUT);
    close(fd);
}

/* Answers that are given later. */

static struct http_response *later;

static int on_later(struct http_request *request, struct http_response *response)
{
    if (strcmp(request->url, "/up") != 0) {
        return on_request(request, response);
    }
    CHECK(yolanda_http_request_stream_data(request) == &got);
    later = yolanda_http_response_defer(response);
    CHECK(later != NULL);
    return 0;
}

static void answer_later(void)
{
    UNTIL(later != NULL);
    CHECK_INT(yolanda_http_response_set_status(later, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_body(later, body, got), 0);
    CHECK_INT(yolanda_http_response_send(later), 0);
    later = NULL;
}

CASE(answered_later)
{
    begin();
    http->requestCallback = on_later;
    int fd = begin_request(WHOLE NEXT);
    answer_later();
    const char *answer = rest_of(fd);
    CHECK(strstr(answer, "helloworld") != NULL);
    CHECK(strstr(answer, "next") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

/* The second body has come with the first, and its client has ended: it may be stopped all the same. */
CASE(stopped_behind_one_that_is_answered_later)
{
    begin();
    http->requestCallback = on_later;
    int fd = begin_request(WHOLE WHOLE);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    UNTIL(later != NULL);
    passes(loop, 5);
    in_part = stop;
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    forget();
    answer_later();
    UNTIL(parts == 1);
    is_still();
    go_on();
    answer_later();
    CHECK(strstr(rest_of(fd), "helloworld") != NULL);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
}

/* The client has gone by then: the final call was made, and there is no second one. */
CASE(answered_too_late)
{
    begin();
    http->requestCallback = on_later;
    int fd = begin_request(WHOLE);
    UNTIL(later != NULL);
    struct linger none = { 1, 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
    UNTIL(yolanda_http_response_is_open(later) == 0);
    REFUSED(yolanda_http_response_send(later), ENOTCONN);
    passes(loop, 3);
    is_final(YOLANDA_HTTP_BODY_COMPLETE);
    finish();
    CHECK_INT(finals, 1);
}
