/* yolanda.h: the loop run inside its own callbacks. What waits further down on the stack goes on there, and
 * nothing of it is forgotten or freed. More in loop_run.c, timers.c, http_access.c, http_upload_flow.c. */
#include "http_aid.h"

#include <sys/resource.h>

#define GET(url) "GET " url " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(url) "GET " url " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static int requests, depth, deepest, entries, goes;

static void run_the_loop(int passes)
{
    depth++;
    deepest = depth > deepest ? depth : deepest;
    for (int i = 0; i < passes; i++) {
        yolanda_loop_run_once(loop, 2);
    }
    depth--;
}

static void answer(struct http_response *response, const char *text)
{
    CHECK_INT(yolanda_http_response_set_status(response, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_body(response, text, strlen(text)), 0);
}

/* /now answers at once, /later in a run of the loop, /parts as well, and in parts. */
static int on_request(struct http_request *request, struct http_response *response)
{
    const char *url = request->url;
    requests++;
    if (strcmp(url, "/now") == 0) {
        answer(response, "now.");
        return 0;
    }
    struct http_response *later = yolanda_http_response_defer(response);
    NEED(later != NULL);
    if (strcmp(url, "/parts") == 0) {
        CHECK_INT(yolanda_http_response_set_status(later, 200, NULL), 0);
        CHECK_INT(yolanda_http_response_begin(later, 6), 0);
        CHECK(yolanda_http_response_write(later, "parts.", 6) == 0 || goes);
    } else {
        answer(later, "later.");
    }
    CHECK(yolanda_http_response_send(later) == 0 || goes);
    run_the_loop(goes ? 20 : 2);
    return 0;
}

static void on_access(const struct yolanda_http_access *entry, void *data)
{
    (void)entry, (void)data;
    entries++;
}

static void begin(request_callback callback, int logs)
{
    loop = NULL;
    requests = deepest = entries = goes = 0;
    make_http(callback);
    if (logs) {
        CHECK_INT(yolanda_http_server_set_access_log(http, on_access, NULL), 0);
    }
    CHECK_INT(yolanda_http_server_start(http), 0);
}

static void finish(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(depth, 0);
}

/* The bodies of all answers, in their order. */
static const char *bodies_of(const char *text)
{
    static char all[1 << 16];
    all[0] = '\0';
    for (const char *at = text; (at = strstr(at, "\r\n\r\n")) != NULL;) {
        at += 4;
        strncat(all, at, strcspn(at, "H"));
    }
    return all;
}

CASE(requests_behind_one_that_is_answered_within)
{
    for (int logs = 0; logs < 2; logs++) {
        begin(on_request, logs);
        CHECK_TEXT(bodies_of(exchange(GET("/later") LAST("/now"))), "later.now.");
        CHECK_TEXT(bodies_of(exchange(GET("/parts") GET("/later") GET("/now") LAST("/later"))),
                   "parts.later.now.later.");
        CHECK_TEXT(bodies_of(exchange(LAST("/later") GET("/now"))), "later.");
        CHECK_INT(deepest, 1);
        CHECK_INT(entries, logs ? requests : 0);
        finish();
    }
}

/* However many there are, they are answered one after the other and not nested. */
CASE(hundreds_of_them)
{
    static char text[1 << 15], expected[1 << 13];
    text[0] = expected[0] = '\0';
    for (int i = 0; i < 300; i++) {
        strcat(text, i % 7 == 0 ? GET("/now") : GET("/later"));
        strcat(expected, i % 7 == 0 ? "now." : "later.");
    }
    strcat(text, LAST("/now"));
    strcat(expected, "now.");
    begin(on_request, 1);
    CHECK_TEXT(bodies_of(exchange(text)), expected);
    CHECK_INT(deepest, 1);
    CHECK_INT(entries, 301);
    finish();
}

/* The peer's end was seen, and still the rest is answered, and then the connection ends. */
CASE(the_client_has_half_closed)
{
    char text[4096] = "";
    size_t got = 0;
    begin(on_request, 0);
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, GET("/later") GET("/now") GET("/later"));
    NEED(shutdown(fd, SHUT_WR) == 0);
    for (;;) {
        UNTIL(readable(fd));
        ssize_t n = recv(fd, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        NEED(n >= 0);
        if (n == 0) {
            break;
        }
        got += n;
    }
    CHECK_TEXT(bodies_of(text), "later.now.later.");
    close(fd);
    finish();
}

/* A client that sends the rest and ends its side while a callback runs the loop. */
static const char *rest_of_it;
static int client_s_end, held_parts;
static struct tcp_connection *of_the_body;
static char whole_body[100];

static void client_ends(void)
{
    put(client_s_end, rest_of_it);
    NEED(shutdown(client_s_end, SHUT_WR) == 0);
    run_the_loop(5);
}

static void on_part(struct http_request *request, const char *bytes, size_t length, int event, void *data)
{
    (void)data;
    if (event != YOLANDA_HTTP_BODY_PART) {
        CHECK_INT(event, YOLANDA_HTTP_BODY_COMPLETE);
        of_the_body = NULL;
        return;
    }
    strncat(whole_body, bytes, length);
    if (rest_of_it != NULL) {
        client_ends();
        rest_of_it = NULL;
    }
    if (held_parts > 0) {
        held_parts--;
        CHECK_INT(yolanda_connection_pause(yolanda_http_request_connection(request)), 0);
    }
}

static void on_head(struct http_request *request, void *data)
{
    (void)data;
    of_the_body = yolanda_http_request_connection(request);
    CHECK_INT(yolanda_http_request_stream_body(request, on_part, NULL, 0), 0);
}

static int on_end(struct http_request *request, struct http_response *response)
{
    if (strcmp(request->url, "/end") == 0) {
        client_ends();
    }
    requests++;
    answer(response, yolanda_http_request_stream_data(request) == NULL && errno == ENOENT ? "now." : whole_body);
    return 0;
}

static void expect_answers(const char *first, const char *rest, const char *bodies)
{
    char text[4096] = "";
    size_t got = 0;
    whole_body[0] = '\0';
    rest_of_it = rest;
    client_s_end = dial_port(http->tcpServer->port);
    NEED(client_s_end >= 0);
    put(client_s_end, first);
    for (;;) {
        while (!readable(client_s_end)) {
            yolanda_loop_run_once(loop, 2);
            if (of_the_body != NULL && rest_of_it == NULL) {
                yolanda_connection_resume(of_the_body);
            }
        }
        ssize_t n = recv(client_s_end, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        NEED(n >= 0);
        if (n == 0) {
            break;
        }
        got += n;
    }
    text[got] = '\0';
    CHECK_TEXT(bodies_of(text), bodies);
    close(client_s_end);
}

#define PUT "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

/* It has its answers all the same: what was asked for while it was there. */
CASE(the_client_half_closes_within)
{
    for (int logs = 0; logs < 2; logs++) {
        loop = NULL;
        make_http(on_end);
        CHECK_INT(yolanda_http_server_set_head_callback(http, on_head, NULL), 0);
        if (logs) {
            CHECK_INT(yolanda_http_server_set_access_log(http, on_access, NULL), 0);
        }
        CHECK_INT(yolanda_http_server_start(http), 0);
        requests = entries = 0;
        expect_answers(GET("/end"), "", "now.");
        expect_answers(GET("/end") GET("/now"), "", "now.now.");
        expect_answers(GET("/end"), GET("/now"), "now.now.");
        CHECK_INT(requests, 5);
        for (held_parts = 0; held_parts < 3; held_parts++) {
            int held = held_parts;
            expect_answers(PUT "h", "ello" GET("/now"), "hello" "now.");
            held_parts = held;
            expect_answers(PUT "hello" GET("/now"), "", "hello" "now.");
            held_parts = held;
        }
        CHECK_INT(requests, 17);
        CHECK_INT(entries, logs ? requests : 0);
        finish();
    }
}

/* The connection ends while the handler that has answered runs the loop. */
CASE(the_client_goes_within)
{
    for (int how = 0; how < 4; how++) {
        begin(on_request, how & 1);
        goes = 1;
        int fd = dial_port(http->tcpServer->port);
        NEED(fd >= 0);
        put(fd, how & 2 ? GET("/parts") GET("/now") : GET("/later"));
        pid_t child = fork();
        NEED(child >= 0);
        if (child == 0) {
            char byte;
            (void)!recv(fd, &byte, 1, 0);
            reset_fd(fd);
            _exit(0);
        }
        close(fd);
        UNTIL(requests > 0 && waitpid(child, NULL, WNOHANG) == child);
        run_the_loop(20);
        finish();
    }
}

/* The program gives the answer, and its client goes, all within callbacks of the stream. */
static int stream_calls, stream_closed;

static void on_stream(struct http_response *response, int event, void *data)
{
    (void)data;
    stream_calls++;
    stream_closed += event == YOLANDA_HTTP_CLOSED;
    yolanda_http_response_send(response);
    run_the_loop(10);
}

static int on_streaming(struct http_request *request, struct http_response *response)
{
    if (strcmp(request->url, "/now") == 0) {
        answer(response, "now.");
        return 0;
    }
    struct http_response *later = yolanda_http_response_defer(response);
    answer(later, "later.");
    CHECK_INT(yolanda_http_response_set_stream_callback(later, on_stream, NULL), 0);
    return 0;
}

CASE(in_the_stream_callback)
{
    begin(on_streaming, 1);
    CHECK_TEXT(bodies_of(exchange(GET("/later") GET("/now") GET("/later") LAST("/now"))),
               "later.now.later.now.");
    CHECK_INT(stream_calls, 2);
    CHECK_INT(stream_closed, 0);
    CHECK_INT(entries, 4);
    finish();
}

static void on_waiting_stream(struct http_response *response, int event, void *data)
{
    if (event == YOLANDA_HTTP_CLOSED) {
        on_stream(response, event, data);
    } else {
        stream_calls++;
    }
}

static int on_waiting(struct http_request *request, struct http_response *response)
{
    (void)request;
    struct http_response *later = yolanda_http_response_defer(response);
    CHECK_INT(yolanda_http_response_set_stream_callback(later, on_waiting_stream, NULL), 0);
    return 0;
}

CASE(in_the_stream_callback_of_a_client_that_has_gone)
{
    begin(on_waiting, 1);
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, GET("/"));
    UNTIL(stream_calls == 1);
    reset_fd(fd);
    UNTIL(stream_closed == 1);
    run_the_loop(5);
    CHECK_INT(stream_calls, 2);
    CHECK_INT(entries, 1);
    finish();
}

/* No deadline runs while the client waits for the program. */
static int on_long_request(struct http_request *request, struct http_response *response)
{
    long long end = now_ms() + 500;
    (void)request;
    while (now_ms() < end) {
        yolanda_loop_run_once(loop, 10);
    }
    answer(response, "slowly.");
    return 0;
}

CASE(longer_than_the_deadlines)
{
    loop = NULL;
    make_http(on_long_request);
    CHECK_INT(yolanda_http_server_set_deadlines(http, 100, 100, 100, 100, 0), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    CHECK_TEXT(bodies_of(exchange(LAST("/"))), "slowly.");
    finish();
}

/* Two connections are ready in one pass: the callback of either waits for that of the other. */
static int together, seen, seen_within;

static void wait_for_both(void)
{
    seen++;
    long long end = now_ms() + SECONDS * 1000;
    while (seen < together && now_ms() < end) {
        yolanda_loop_run_once(loop, 10);
    }
    seen_within += seen == together;
}

static int on_message_of_both(struct buffer *input, struct tcp_connection *connection)
{
    (void)connection;
    input->readIndex = input->writeIndex;
    wait_for_both();
    return 0;
}

static int on_end_of_both(struct tcp_connection *connection)
{
    (void)connection;
    wait_for_both();
    return 0;
}

static struct tcp_connection *kept[3];

static int keep(struct tcp_connection *connection)
{
    kept[completed++] = connection;
    return 0;
}

static void several(int fds[], message_call_back on_bytes, connection_closed_call_back on_end)
{
    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_server_new(loop, "127.0.0.1:0", keep, on_bytes, NULL, on_end, 0);
    NEED(server != NULL && yolanda_server_start(server) == 0);
    for (int i = 0; i < 3; i++) {
        fds[i] = visit();
    }
    UNTIL(completed == 3);
}

CASE(messages_of_one_pass)
{
    int fds[3];
    together = 3;
    several(fds, on_message_of_both, NULL);
    for (int i = 0; i < 3; i++) {
        put(fds[i], "x");
    }
    UNTIL(seen == 3);
    CHECK_INT(seen_within, 3);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(ends_of_one_pass)
{
    int fds[3];
    together = 3;
    several(fds, NULL, on_end_of_both);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(yolanda_connection_close(kept[i]), 0);
    }
    UNTIL(seen == 3);
    CHECK_INT(seen_within, 3);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_signal(struct event_loop *which, int number, void *data)
{
    CHECK(which == loop);
    CHECK_INT(number, SIGUSR1);
    (void)data;
    wait_for_both();
}

static int run_within(struct buffer *input, struct tcp_connection *connection)
{
    (void)connection;
    input->readIndex = input->writeIndex;
    messages++;
    run_the_loop(1);
    return 0;
}

/* The stack has room for as many as there may be. */
CASE(messages_of_thousands)
{
    enum { N = 2500 };
    static int fds[N];
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 2 * N + 100);
    make("127.0.0.1:0", 0);
    server->messageCallBack = run_within;
    CHECK_INT(yolanda_server_start(server), 0);
    for (int i = 0; i < N; i++) {
        fds[i] = visit();
        UNTIL(completed == i + 1);
    }
    for (int i = 0; i < N; i++) {
        put(fds[i], "x");
    }
    UNTIL(messages == N);
    for (int i = 0; i < N; i++) {
        close(fds[i]);
    }
    end();
}

CASE(watchers_of_one_signal)
{
    together = 3;
    loop = yolanda_loop_new(NULL, NULL);
    yolanda_signal last = 0;
    for (int i = 0; i < 4; i++) {
        last = yolanda_signal_start(loop, SIGUSR1, on_signal, NULL);
        NEED(last != 0);
    }
    CHECK_INT(yolanda_signal_stop(loop, last), 0);
    raise(SIGUSR1);
    UNTIL(seen == 3);
    CHECK_INT(seen_within, 3);
    run_the_loop(3);
    CHECK_INT(seen, 3);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void on_timer(struct event_loop *which, yolanda_timer timer, void *data)
{
    (void)which, (void)timer, (void)data;
    wait_for_both();
}

static void on_post(struct event_loop *which, void *data)
{
    (void)which, (void)data;
    wait_for_both();
}

CASE(timers_and_posts_of_one_pass)
{
    together = 3;
    loop = yolanda_loop_new(NULL, NULL);
    for (int posts = 0; posts < 2; posts++) {
        seen = seen_within = 0;
        for (int i = 0; i < 3; i++) {
            CHECK(posts ? yolanda_loop_post(loop, on_post, NULL) == 0
                        : yolanda_timer_start(loop, 0, 0, on_timer, NULL) != 0);
        }
        UNTIL(seen == 3);
        CHECK_INT(seen_within, 3);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int pipe_fds[2], calls, calls_for_nothing, runs;

static int on_pipe(void *data)
{
    (void)data;
    char byte;
    calls++;
    calls_for_nothing += read(pipe_fds[0], &byte, 1) != 1;
    return 0;
}

static void on_post_before(struct event_loop *which, void *data)
{
    (void)which, (void)data;
    run_the_loop(2);
    runs++;
}

static void *post_later(void *data)
{
    CHECK_INT(yolanda_loop_post(loop, on_post_before, data), 0);
    return NULL;
}

/* A posted function comes before the events of its pass. One that it has the loop deliver isn't delivered again. */
CASE(an_event_behind_a_post)
{
    const char *ends[] = {"epoll", "poll"};
    for (int i = 0; i < 2; i++) {
        calls = calls_for_nothing = runs = 0;
        loop = yolanda_loop_new(NULL, ends[i]);
        CHECK_INT(pipe2(pipe_fds, O_NONBLOCK), 0);
        struct channel *channel = channel_new(pipe_fds[0], EVENT_READ, on_pipe, NULL, NULL);
        CHECK_INT(event_loop_add_channel_event(loop, pipe_fds[0], channel), 0);
        for (int round = 0; round < 20; round++) {
            CHECK_INT((int)write(pipe_fds[1], "x", 1), 1);
            pthread_t other;
            if (round % 2) {
                CHECK_INT(pthread_create(&other, NULL, post_later, NULL), 0);
                pthread_join(other, NULL);
            } else {
                post_later(NULL);
            }
            UNTIL(calls > round && runs > round);
        }
        CHECK_INT(calls, 20);
        CHECK_INT(calls_for_nothing, 0);
        CHECK_INT(event_loop_remove_channel_event(loop, pipe_fds[0], channel), 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
        free(channel);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
    }
}
