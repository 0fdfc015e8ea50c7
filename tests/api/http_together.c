/* Responses of one pass are sent together, after the last of them. This is observable only within the
 * pass. */
#include "http_aid.h"

static int first, second;               /* the clients */
static struct tcp_connection *others;   /* the connection of the first */
static void (*act)(void);               /* what the callback of the second does */
static int calls;

static int on_request(struct http_request *request, struct http_response *response)
{
    calls++;
    response->statusCode = OK;
    response->body = strcmp(request->url, "/1") == 0 ? "one" : "two";
    if (strcmp(request->url, "/1") == 0) {
        others = yolanda_http_request_connection(request);
    } else if (act != NULL) {
        act();
    }
    return 0;
}

static void ask(int fd, const char *url)
{
    char text[100];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url);
    put(fd, text);
}

/* What came up to now. */
static const char *taken(int fd)
{
    static char text[4096];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void is_answer(const char *text, const char *body)
{
    CHECK_INT(status_of(text), 200);
    CHECK_TEXT(body_of(text), body);
}

/* Both clients are known to the server. */
static void begin(void)
{
    make_http(on_request);
    CHECK_INT(yolanda_http_server_start(http), 0);
    first = dial_port(http->tcpServer->port);
    second = dial_port(http->tcpServer->port);
    int fds[] = { second, first };
    for (int i = 0; i < 2; i++) {
        NEED(fds[i] >= 0);
        ask(fds[i], "/1");
        UNTIL(readable(fds[i]));
        is_answer(taken(fds[i]), "one");
    }
}

/* Has both requests answered in one pass. */
static void both(void (*what)(void))
{
    act = what;
    calls = 0;
    ask(first, "/1");
    ask(second, "/2");
    CHECK(yolanda_loop_run_once(loop, 1000) >= 2);
    CHECK_INT(calls, 2);
}

static void end_both(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(first);
    close(second);
}

static int before;

static void look(void)
{
    before = readable(first);
}

CASE(when_the_pass_ends)
{
    begin();
    both(look);
    CHECK_INT(before, 0);
    is_answer(taken(first), "one");
    is_answer(taken(second), "two");
    end_both();
}

static void cut(void)
{
    CHECK_INT(yolanda_connection_close(others), 0);
}

CASE(one_that_is_closed_meanwhile)
{
    begin();
    both(cut);
    is_answer(taken(first), "one");
    CHECK_INT(recv(first, &before, 1, MSG_DONTWAIT), 0);
    is_answer(taken(second), "two");
    end_both();
}

static void half_close(void)
{
    tcp_connection_shutdown(others);
}

CASE(one_that_is_shut_down_meanwhile)
{
    begin();
    both(half_close);
    is_answer(taken(first), "one");
    CHECK_INT(recv(first, &before, 1, MSG_DONTWAIT), 0);
    end_both();
}

static void say_more(void)
{
    CHECK_INT(tcp_connection_send_data(others, " and more", 9), 9);
    look();
}

CASE(what_is_sent_afterwards_comes_afterwards)
{
    begin();
    both(say_more);
    CHECK_INT(before, 1);
    is_answer(taken(first), "one and more");
    end_both();
}

/* On a thread of its own: asks again once it has its answer. */
static void ask_again(void *unused)
{
    struct pollfd one = { first, POLLIN, 0 };
    (void)unused;
    CHECK_INT(poll(&one, 1, SECONDS * 1000), 1);
    ask(first, "/1");
}

static void run_again(void)
{
    act = NULL;
    pthread_t thread = start_thread(ask_again, NULL);
    CHECK(yolanda_loop_run_once(loop, SECONDS * 1000 / 2) > 0);
    join(thread);
}

CASE(when_the_loop_runs_within)
{
    begin();
    act = run_again;
    ask(first, "/1");
    ask(second, "/2");
    UNTIL(readable(second));
    is_answer(taken(second), "two");
    end_both();
}

CASE(one_whose_client_has_ended)
{
    begin();
    act = NULL;
    ask(first, "/1");
    CHECK_INT(shutdown(first, SHUT_WR), 0);
    UNTIL(readable(first));
    is_answer(taken(first), "one");
    UNTIL(readable(first));
    CHECK_INT(recv(first, &before, 1, MSG_DONTWAIT), 0);
    end_both();
}

static void free_server(void)
{
    CHECK_INT(yolanda_http_server_free(http), 0);
}

CASE(when_the_server_goes)
{
    begin();
    both(free_server);
    is_answer(taken(first), "one");
    end_both();
}

static void block(void)
{
    usleep(60 * 1000);
}

CASE(not_behind_callbacks_that_block)
{
    begin();
    both(block);
    is_answer(taken(first), "one");
    is_answer(taken(second), "two");
    both(look);
    CHECK_INT(before, 1);
    end_both();
}

static void on_mark(struct tcp_connection *connection, size_t queued)
{
    (void)connection;
    (void)queued;
}

CASE(not_where_every_byte_is_watched)
{
    begin();
    CHECK_INT(yolanda_connection_set_water_marks(others, 5, 10, on_mark, on_mark), 0);
    both(look);
    CHECK_INT(before, 1);
    end_both();
}

static void limit(void)
{
    CHECK_INT(yolanda_connection_set_limits(others, 10, 0, YOLANDA_LIMIT_REFUSE), 0);
}

CASE(before_a_limit_that_comes_later)
{
    begin();
    both(limit);
    is_answer(taken(first), "one");
    end_both();
}

enum { MUCH = 64, BLOCK = 1 << 20 }; /* as much as a connection's queue may hold */

static void post_much(void *unused)
{
    static char block[BLOCK];
    (void)unused;
    memset(block, 'm', sizeof block);
    for (int i = 0; i < MUCH; i++) {
        CHECK_INT(tcp_connection_send_data(others, block, sizeof block), 0);
    }
}

static void say_more_after_others(void)
{
    on_thread(post_much, NULL);
    CHECK_INT(tcp_connection_send_data(others, "the end", 7), 0);
}

/* Another thread fills the queue between an answer and its leaving: all that was accepted is sent, each
 * byte once and in its order. */
CASE(before_a_queue_that_others_fill)
{
    static char text[MUCH * BLOCK + 1000];
    size_t got = 0;
    begin();
    both(say_more_after_others);
    while (got < MUCH * BLOCK || strcmp(text + got - 7, "the end") != 0) {
        UNTIL(readable(first));
        ssize_t n = recv(first, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        NEED(n > 0);
        got += n;
        text[got] = '\0';
    }
    CHECK_INT(status_of(text), 200);
    const char *rest = strstr(text, "\r\n\r\none");
    NEED(rest != NULL);
    rest += strlen("\r\n\r\none");
    CHECK(strspn(rest, "m") == MUCH * BLOCK);
    CHECK_TEXT(rest + MUCH * BLOCK, "the end");
    CHECK_INT(calls, 2);
    end_both();
}

CASE(more_than_a_group)
{
    enum { N = 100 };
    int fds[N];
    begin();
    act = NULL;
    for (int i = 0; i < N; i++) {
        fds[i] = dial_port(http->tcpServer->port);
        NEED(fds[i] >= 0);
        ask(fds[i], "/1");
        UNTIL(readable(fds[i]));
        is_answer(taken(fds[i]), "one");
    }
    for (int i = 0; i < N; i++) {
        put(fds[i], i % 2 == 0 ? "GET /1 HTTP/1.0\r\n\r\n" : "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < N; i++) {
        UNTIL(readable(fds[i]));
        is_answer(taken(fds[i]), i % 2 == 0 ? "one" : "two");
        close(fds[i]);
    }
    end_both();
}

static int newcomer;

static void say_more_to_the_server(void)
{
    put(newcomer, "more");
}

/* What nobody has read makes the kernel end the connection with a reset, which the answer comes before. */
CASE(a_last_one_with_bytes_behind_its_request)
{
    begin();
    newcomer = dial_port(http->tcpServer->port);
    act = say_more_to_the_server;
    put(newcomer, "GET /2 HTTP/1.0\r\n\r\n");
    UNTIL(readable(newcomer));
    is_answer(taken(newcomer), "two");
    close(newcomer);
    end_both();
}
