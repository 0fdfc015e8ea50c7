/* yolanda.h: a program is told that the client of a deferred response goes. */
#include "http_aid.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static struct http_response *later;
static struct http_request *request_of_it;
static int halves, whole, streams, asked_for, gives_back, sets = 1;

static void on_gone(struct http_response *response, int event, void *data)
{
    CHECK(response == later);
    CHECK(data == &halves);
    CHECK_INT(whole, 0);
    if (event == YOLANDA_HTTP_HALF_CLOSED) {
        CHECK_INT(yolanda_http_response_is_open(response), 1);
        halves++;
    } else {
        CHECK_INT(event, YOLANDA_HTTP_CLOSED);
        CHECK_INT(yolanda_http_response_is_open(response), 0);
        whole++;
    }
    if (gives_back) {
        gives_back = 0;
        later = NULL;
        CHECK(yolanda_http_response_send(response) == 0 || errno == ENOTCONN);
    }
}

static int on_request(struct http_request *request, struct http_response *response)
{
    asked_for++;
    if (later != NULL) {
        yolanda_http_response_set_status(response, 204, NULL);
        return 0;
    }
    later = yolanda_http_response_defer(response);
    NEED(later != NULL);
    request_of_it = request;
    CHECK_INT(yolanda_http_response_set_status(later, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_body(later, "at last", 7), 0);
    if (sets) {
        CHECK_INT(yolanda_http_response_set_closed_callback(later, on_gone, &halves), 0);
    }
    return 0;
}

static void begin(void)
{
    loop = NULL;
    later = NULL;
    halves = whole = streams = asked_for = gives_back = 0;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static int asking(void)
{
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, GET);
    UNTIL(later != NULL);
    return fd;
}

static void settle(void)
{
    for (int i = 0; i < 20; i++) {
        yolanda_loop_run_once(loop, 2);
    }
}

static void finish(void)
{
    if (later != NULL) {
        yolanda_http_response_send(later);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    loop = NULL;
}

CASE(a_reset)
{
    begin();
    int fd = asking();
    settle();
    CHECK_INT(halves + whole, 0);
    reset_fd(fd);
    UNTIL(whole == 1);
    settle();
    CHECK_INT(halves, 0);
    CHECK(later != NULL);
    finish();
    CHECK_INT(whole, 1);
}

/* It can't be distinguished from a half-close until something is sent. */
CASE(a_close)
{
    begin();
    close(asking());
    UNTIL(halves == 1);
    settle();
    CHECK_INT(halves, 1);
    CHECK_INT(whole, 0);
    finish();
    CHECK_INT(whole, 0);
}

CASE(a_close_and_a_stream)
{
    begin();
    close(asking());
    UNTIL(halves == 1);
    CHECK_INT(yolanda_http_response_begin(later, -1), 0);
    for (int i = 0; i < 1000 && whole == 0; i++) {
        yolanda_http_response_write(later, "x", 1);
        yolanda_loop_run_once(loop, 1);
    }
    CHECK_INT(whole, 1);
    CHECK_INT(halves, 1);
    finish();
}

CASE(a_half_close_and_the_answer)
{
    char text[4096] = "";
    size_t got = 0;
    begin();
    int fd = asking();
    NEED(shutdown(fd, SHUT_WR) == 0);
    UNTIL(halves == 1);
    settle();
    CHECK_INT(yolanda_http_response_send(later), 0);
    later = NULL;
    for (ssize_t n = 1; n > 0; got += n) {
        UNTIL(readable(fd));
        n = recv(fd, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        NEED(n >= 0);
    }
    CHECK_TEXT(body_of(text), "at last");
    close(fd);
    finish();
    CHECK_INT(halves, 1);
    CHECK_INT(whole, 0);
}

CASE(before_the_callback_is_set)
{
    sets = 0;
    for (int how = 0; how < 2; how++) {
        begin();
        int fd = asking();
        if (how == 0) {
            close(fd);
        } else {
            reset_fd(fd);
        }
        settle();
        CHECK_INT(yolanda_http_response_set_closed_callback(later, on_gone, &halves), 0);
        CHECK_INT(halves + whole, 0);
        UNTIL(halves + whole == 1);
        settle();
        CHECK_INT(halves, how == 0);
        CHECK_INT(whole, how == 1);
        finish();
    }
}

/* The server has stopped reading: the end comes after the bytes that wait for the response. */
CASE(behind_much_that_isnt_read)
{
    for (int how = 0; how < 2; how++) {
        static char filler[4096];
        begin();
        int fd = asking();
        long long sent = 0, silent = 0;
        memset(filler, '\n', sizeof filler);
        for (int i = 0; i < 4096 - (int)sizeof GET; i += sizeof GET - 1) {
            memcpy(filler + i, GET, sizeof GET - 1);
        }
        /* The end has to fit into what the kernel takes: little goes behind what the server has read. */
        struct buffer *input = yolanda_http_request_connection(request_of_it)->input_buffer;
        while (how == 0 ? buffer_readable_size(input) < 65536 : silent < 50) {
            ssize_t n = send(fd, filler, sizeof filler, MSG_DONTWAIT);
            silent = n > 0 ? 0 : silent + 1;
            sent += n > 0 ? n : 0;
            yolanda_loop_run_once(loop, 1);
        }
        settle();
        CHECK(sent >= 65536);
        if (how == 0) {
            put(fd, GET);
        }
        CHECK_INT(halves + whole, 0);
        if (how == 0) {
            close(fd);
            UNTIL(halves == 1);
            CHECK_INT(whole, 0);
        } else {
            reset_fd(fd);
            UNTIL(whole == 1);
        }
        CHECK_INT(asked_for, 1);
        finish();
    }
}

CASE(not_after_the_answer)
{
    for (int how = 0; how < 2; how++) {
        begin();
        int fd = asking();
        CHECK_INT(yolanda_http_response_send(later), 0);
        later = NULL;
        if (how == 0) {
            reset_fd(fd);
        } else {
            close(fd);
        }
        settle();
        finish();
        CHECK_INT(halves + whole, 0);
    }
}

/* The first call sends, and is the last. */
CASE(given_back_within)
{
    for (int how = 0; how < 2; how++) {
        begin();
        int fd = asking();
        gives_back = 1;
        NEED(shutdown(fd, SHUT_WR) == 0);
        UNTIL(halves == 1);
        reset_fd(fd);
        settle();
        finish();
        CHECK_INT(halves, 1);
        CHECK_INT(whole, 0);
    }
}

static void on_stream(struct http_response *response, int event, void *data)
{
    (void)response, (void)data;
    CHECK_INT(whole, 0);
    streams += event == YOLANDA_HTTP_CLOSED;
    if (event == YOLANDA_HTTP_CLOSED && gives_back) {
        gives_back = 0;
        later = NULL;
        yolanda_http_response_send(response);
    }
}

CASE(beside_a_stream)
{
    for (int sends = 0; sends < 2; sends++) {
        begin();
        int fd = asking();
        CHECK_INT(yolanda_http_response_set_stream_callback(later, on_stream, NULL), 0);
        settle();
        gives_back = sends;
        reset_fd(fd);
        UNTIL(streams == 1);
        settle();
        finish();
        CHECK_INT(streams, 1);
        CHECK_INT(whole, !sends);
    }
}

CASE(the_servers_own_end)
{
    for (int how = 0; how < 4; how++) {
        begin();
        if (how == 3) {
            CHECK_INT(yolanda_http_server_set_deadlines(http, 0, 0, 0, 50, 0), 0);
        }
        int fd = asking();
        switch (how) {
        case 0: CHECK_INT(yolanda_server_stop(http->tcpServer, 20, NULL, NULL), 0); break;
        case 1: CHECK_INT(yolanda_http_server_free(http), 0); break;
        case 2: CHECK_INT(yolanda_loop_free(loop), 0); loop = NULL; break;
        default:
            UNTIL(readable(fd));
            close(fd);
        }
        if (loop != NULL) {
            UNTIL(whole == 1);
            finish();
        } else {
            yolanda_http_response_send(later);
        }
        CHECK_INT(whole, 1);
        CHECK_INT(halves, 0);
    }
}

CASE(not_any_more)
{
    begin();
    int fd = asking();
    CHECK_INT(yolanda_http_response_set_closed_callback(later, NULL, NULL), 0);
    reset_fd(fd);
    UNTIL(!yolanda_http_response_is_open(later));
    settle();
    finish();
    CHECK_INT(whole, 0);
}

static void *on_another_thread(void *unused)
{
    REFUSED(yolanda_http_response_set_closed_callback(later, on_gone, NULL), EPERM);
    return unused;
}

CASE(bad_arguments)
{
    struct http_response *own = http_response_new();
    pthread_t thread;
    REFUSED(yolanda_http_response_set_closed_callback(NULL, on_gone, NULL), EINVAL);
    REFUSED(yolanda_http_response_set_closed_callback(own, on_gone, NULL), EINVAL);
    free(own);
    begin();
    int fd = asking();
    NEED(pthread_create(&thread, NULL, on_another_thread, NULL) == 0);
    pthread_join(thread, NULL);
    finish();
    close(fd);
}
