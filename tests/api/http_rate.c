/* yolanda_http_server_set_body_rate: a body that comes too slowly gets 408, whatever it consists of; what isn't the
 * client's fault doesn't count. How late it is isn't asserted. */
#include "upload_aid.h"

#define GRACE 400  /* ms */
#define LEAST 20000 /* bytes per second */

static int slow;

static void begin_at(int64_t body_ms, int64_t grace, int64_t least)
{
    loop = NULL; /* the one before was freed */
    begin();
    CHECK_INT(yolanda_http_server_set_deadlines(http, 0, 0, body_ms, 0, 0), 0);
    CHECK_INT(yolanda_http_server_set_body_rate(http, grace, least), 0);
    slow = dial_port(http->tcpServer->port);
    NEED(slow >= 0);
}

/* Sends these bytes again and again, until there is an answer or the time is over. */
static void drip(const char *text, int64_t ms)
{
    long long start = now_ms();
    while (!readable(slow) && now_ms() < start + ms) {
        send(slow, text, strlen(text), MSG_NOSIGNAL);
        yolanda_loop_run_once(loop, 10);
        usleep(5000);
    }
}

static int status_now(void)
{
    static char answer[1 << 16];
    UNTIL(readable(slow));
    ssize_t n = recv(slow, answer, sizeof answer - 1, MSG_DONTWAIT);
    NEED(n >= 0);
    answer[n] = '\0';
    return status_of(answer);
}

static void is_too_slow(const char *head, const char *text)
{
    for (streams = 0; streams < 2; streams++) {
        forget();
        begin_at(60000, GRACE, LEAST);
        put(slow, head);
        long long start = now_ms();
        drip(text, SECONDS * 1000);
        CHECK(now_ms() - start >= GRACE);
        CHECK_INT(status_now(), 408);
        close(slow);
        UNTIL(yolanda_server_connections(http->tcpServer) == 0);
        CHECK_INT(answered, 0);
        CHECK_INT(finals, streams);
        CHECK_INT(last_event, streams ? YOLANDA_HTTP_BODY_CUT : 0);
        CHECK_INT(last_status, 408);
        finish();
    }
}

CASE(a_body)
{
    is_too_slow(HEAD "Content-Length: 100000\r\n\r\n", "x");
}

CASE(chunks)
{
    is_too_slow(CHUNKED, "1\r\nx\r\n");
}

CASE(a_chunk)
{
    is_too_slow(CHUNKED "ffff\r\n", "x");
}

CASE(an_extension)
{
    is_too_slow(CHUNKED "1;x", "x");
}

CASE(a_trailer)
{
    is_too_slow(CHUNKED "0\r\nX: ", "x");
}

CASE(trailers)
{
    is_too_slow(CHUNKED "0\r\n", "X: y\r\n");
}

/* After another body, which had enough time. */
CASE(the_second_body)
{
    streams = 0;
    begin_at(60000, GRACE, LEAST);
    put(slow, HEAD "Content-Length: 2\r\n\r\nab" HEAD "Content-Length: 2\r\n\r\na");
    CHECK_INT(status_now(), 200);
    CHECK_INT(status_now(), 408);
    CHECK_INT(answered, 1);
}

CASE(fast_enough)
{
    for (streams = 0; streams < 2; streams++) {
        forget();
        begin_at(0, GRACE, LEAST / 200);
        put(slow, CHUNKED);
        drip("1f;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nabcdefghijklmnopqrstuvwxyz01234\r\n", 5 * GRACE);
        put(slow, "0\r\n\r\n");
        CHECK_INT(status_now(), 200);
        close(slow);
        finish();
    }
}

/* A fast beginning is good for so long as a body may stand still. */
CASE(a_fast_beginning)
{
    static char block[100000];
    streams = 0;
    begin_at(2 * GRACE, GRACE, LEAST);
    memset(block, 'x', sizeof block);
    block[sizeof block - 1] = '\0';
    put(slow, HEAD "Content-Length: 1000000\r\n\r\n");
    put(slow, block);
    long long start = now_ms();
    drip("x", SECONDS * 1000);
    CHECK(now_ms() - start >= 2 * GRACE);
    CHECK_INT(status_now(), 408);
}

static void stop_reading(struct http_request *request)
{
    (void)request;
    if (parts == 1) {
        CHECK_INT(yolanda_connection_pause(connection), 0);
    }
}

static void wait_for(int64_t ms)
{
    long long start = now_ms();
    while (now_ms() < start + ms) {
        yolanda_loop_run_once(loop, 10);
    }
}

/* The program lets the client wait, in the callback or elsewhere. */
CASE(reading_is_stopped)
{
    for (int inside = 0; inside < 2; inside++) {
        forget();
        in_part = inside ? stop_reading : NULL;
        begin_at(0, 2 * GRACE, LEAST);
        put(slow, HEAD "Content-Length: 4\r\n\r\nab");
        UNTIL(parts == 1);
        if (!inside) {
            CHECK_INT(yolanda_connection_pause(connection), 0);
        }
        wait_for(5 * GRACE);
        CHECK_INT(yolanda_connection_resume(connection), 0);
        wait_for(10);
        put(slow, "cd");
        CHECK_INT(status_now(), 200);
        close(slow);
        finish();
    }
}

static void be_away(struct event_loop *which, void *data)
{
    (void)which, (void)data;
    put(slow, "cd");
    usleep(3 * GRACE * 1000);
}

/* The server's thread was elsewhere. */
CASE(what_has_come_in_time)
{
    for (streams = 0; streams < 2; streams++) {
        forget();
        begin_at(0, GRACE, LEAST);
        put(slow, HEAD "Content-Length: 4\r\n\r\nab");
        wait_for(20);
        CHECK_INT(yolanda_loop_post(loop, be_away, NULL), 0);
        CHECK_INT(status_now(), 200);
        close(slow);
        finish();
    }
}

CASE(any_rate)
{
    streams = 0;
    begin_at(0, 0, 0);
    put(slow, HEAD "Content-Length: 100000\r\n\r\n");
    drip("x", 4 * GRACE);
    CHECK(!readable(slow));
    close(slow);
    finish();
}

CASE(any_rate_from_now_on)
{
    for (streams = 0; streams < 2; streams++) {
        forget();
        begin_at(0, 2 * GRACE, LEAST);
        put(slow, HEAD "Content-Length: 100000\r\n\r\n");
        wait_for(50);
        CHECK_INT(yolanda_http_server_set_body_rate(http, GRACE, 0), 0);
        drip("x", 5 * GRACE);
        CHECK(!readable(slow));
        close(slow);
        finish();
    }
}

CASE(bad_rates)
{
    begin();
    REFUSED(yolanda_http_server_set_body_rate(NULL, 1, 1), EINVAL);
    REFUSED(yolanda_http_server_set_body_rate(http, -1, 1), EINVAL);
    REFUSED(yolanda_http_server_set_body_rate(http, 1, -1), EINVAL);
    REFUSED(yolanda_http_server_set_body_rate(http, 0, 1), EINVAL);
    REFUSED(yolanda_http_server_set_body_rate(http, 1LL << 31, 1), EINVAL);
    REFUSED(yolanda_http_server_set_body_rate(http, 1, 1LL << 32), EINVAL);
    CHECK_INT(yolanda_http_server_set_body_rate(http, (1LL << 31) - 1, (1LL << 32) - 1), 0);
}

static void set_elsewhere(void *data)
{
    (void)data;
    REFUSED(yolanda_http_server_set_body_rate(http, 1, 1), EPERM);
}

CASE(on_another_thread)
{
    begin();
    on_thread(set_elsewhere, NULL);
}

/* Trailers are headers, as far as their number goes. */
CASE(how_many_trailers)
{
    for (streams = 0; streams < 2; streams++) {
        for (int trailers = 3; trailers <= 4; trailers++) {
            forget();
            begin_at(0, 0, 0);
            CHECK_INT(yolanda_http_server_set_limits(http, 0, 0, 5, 0), 0);
            put(slow, CHUNKED "1\r\na\r\n0\r\n"); /* two headers */
            for (int i = 0; i < trailers; i++) {
                put(slow, "X: y\r\n");
            }
            put(slow, "\r\n");
            CHECK_INT(status_now(), trailers == 3 ? 200 : 431);
            close(slow);
            finish();
        }
    }
}
