/* A time limit checks before it ends anything: bytes that came in time count, even if the loop's thread
 * was busy until the limit had passed. How late limits are isn't asserted. */
#include "http_aid.h"

#define LIMIT 400 /* ms */

static int limit = LIMIT;

/* Keeps the loop's thread busy until the limit has passed, between its check of descriptors and that of
 * timers, while `meanwhile` runs. */
static void (*meanwhile)(void);

static void be_away(struct event_loop *which, void *data)
{
    (void)which, (void)data;
    if (meanwhile != NULL) {
        meanwhile();
    }
    usleep(limit * 1000 * 5 / 4);
}

static void be_away_for_long(struct event_loop *which, void *data)
{
    be_away(which, data);
    usleep(400000);
}

static void away(void (*what)(void))
{
    meanwhile = what;
    NEED(yolanda_loop_post(loop, be_away, NULL) == 0);
    CHECK(yolanda_loop_run_once(loop, 0) >= 0);
}

static int on_request(struct http_request *request, struct http_response *response)
{
    (void)request;
    yolanda_http_response_set_status(response, 200, NULL);
    yolanda_http_response_set_body(response, "hi", 2);
    return 0;
}

static void serve_http(int64_t idle, int64_t head, int64_t body)
{
    make_http(on_request);
    NEED(yolanda_http_server_set_deadlines(http, idle, head, body, 0, 0) == 0);
    NEED(yolanda_http_server_start(http) == 0);
    server = http->tcpServer;
}

/* The next answer of a client, or "" at the end. */
static const char *answer_to(int fd)
{
    static char answer[4096];
    UNTIL(readable(fd));
    ssize_t n = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT);
    answer[n > 0 ? n : 0] = '\0';
    return answer;
}

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define MANY 600 /* more than a back end tells of at once */

static int clients[MANY], clients_len;
static const char *rest;

static void come(int n)
{
    struct rlimit files;
    NEED(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    NEED(setrlimit(RLIMIT_NOFILE, &files) == 0);
    for (clients_len = 0; clients_len < n; clients_len++) {
        clients[clients_len] = visit();
    }
}

static void all_say(const char *text)
{
    for (int i = 0; i < clients_len; i++) {
        put(clients[i], text);
    }
}

static void say_the_rest(void)
{
    all_say(rest);
}

static void all_get(int status)
{
    int wrong = 0;
    for (int i = 0; i < clients_len; i++) {
        wrong += status_of(answer_to(clients[i])) != status;
        close(clients[i]);
    }
    CHECK_INT(wrong, 0);
}

/* Lets the loop take in all that the clients have said. */
static void take_in(void)
{
    for (int i = 0; i < 5; i++) {
        yolanda_loop_run_once(loop, 5);
    }
}

static void head(int n)
{
    serve_http(0, limit, 0);
    come(n);
    all_say("GET / HT");
    take_in();
    rest = "TP/1.1\r\nHost: a\r\n\r\n";
    away(say_the_rest);
    all_get(200);
}

CASE(a_head)
{
    head(1);
}

CASE(many_heads)
{
    limit = 1500; /* so many take their time to come */
    head(MANY);
}

CASE(a_request_of_a_client_that_was_silent)
{
    serve_http(LIMIT, 0, 0);
    come(1);
    all_say(REQUEST);
    CHECK_INT(status_of(answer_to(clients[0])), 200);
    rest = REQUEST;
    away(say_the_rest);
    all_get(200);
}

CASE(a_body)
{
    serve_http(0, 0, LIMIT);
    come(1);
    all_say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    take_in();
    rest = "cd";
    away(say_the_rest);
    all_get(200);
}

CASE(a_chunked_body)
{
    serve_http(0, 0, LIMIT);
    come(1);
    all_say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    take_in();
    rest = "2\r\ncd\r\n0\r\n\r\n";
    away(say_the_rest);
    all_get(200);
}

/* An unwanted body arrives after its response: its client then has the full time for the next request. */
CASE(a_body_that_is_dropped)
{
    make_http(NULL);
    NEED(yolanda_http_server_set_deadlines(http, 5 * LIMIT, 0, 0, 0, 0) == 0);
    NEED(yolanda_http_server_start(http) == 0);
    server = http->tcpServer;
    come(1);
    all_say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    CHECK_INT(status_of(answer_to(clients[0])), 500);
    long long start = now_ms();
    while (now_ms() < start + 2 * LIMIT) {
        yolanda_loop_run_once(loop, 10);
    }
    all_say("cd");
    start = now_ms();
    CHECK_TEXT(answer_to(clients[0]), "");
    CHECK(now_ms() - start >= 5 * LIMIT);
    close(clients[0]);
}

/* A client that has sent too little in time gets the response for that. */
CASE(half_a_head)
{
    serve_http(0, LIMIT, 0);
    come(2);
    all_say("GET / HT");
    take_in();
    rest = "TP/1.1\r\n";
    away(say_the_rest);
    all_get(408);
}

/* Bytes that keep coming don't move the limit of a head. */
CASE(a_head_that_never_ends)
{
    serve_http(0, LIMIT, 0);
    come(1);
    all_say("GET / HTTP/1.1\r\nHost: a\r\na: ");
    long long start = now_ms();
    while (!readable(clients[0]) && now_ms() < start + SECONDS * 1000) {
        all_say("x");
        yolanda_loop_run_once(loop, 1);
    }
    CHECK(now_ms() - start >= LIMIT);
    all_get(408);
}

/* A handler that runs the loop itself takes as long as it likes. */
static int runs_the_loop(struct http_request *request, struct http_response *response)
{
    long long start = now_ms();
    while (now_ms() < start + 2 * LIMIT) {
        yolanda_loop_run_once(loop, 10);
    }
    return on_request(request, response);
}

CASE(a_handler_that_runs_the_loop)
{
    make_http(runs_the_loop);
    NEED(yolanda_http_server_set_deadlines(http, LIMIT, LIMIT, LIMIT, LIMIT, LIMIT) == 0);
    NEED(yolanda_http_server_start(http) == 0);
    server = http->tcpServer;
    come(1);
    all_say(REQUEST);
    all_get(200);
}

/* The answer that another thread gives in time, too. */
static struct http_response *later;

static int defers(struct http_request *request, struct http_response *response)
{
    (void)request;
    later = yolanda_http_response_defer(response);
    NEED(later != NULL);
    return 0;
}

static void give_answer(void *data)
{
    (void)data;
    yolanda_http_response_set_status(later, 200, NULL);
    CHECK_INT(yolanda_http_response_send(later), 0);
}

static void answer_elsewhere(void)
{
    on_thread(give_answer, NULL);
}

CASE(a_deferred_answer)
{
    make_http(defers);
    NEED(yolanda_http_server_set_deadlines(http, 0, 0, 0, LIMIT, 0) == 0);
    NEED(yolanda_http_server_start(http) == 0);
    server = http->tcpServer;
    come(1);
    all_say(REQUEST);
    UNTIL(later != NULL);
    away(answer_elsewhere);
    all_get(200);
}

/* Connections: the peer's bytes, and its end. */
static struct tcp_connection *last;

static int keep(struct tcp_connection *connection)
{
    last = connection;
    completed++;
    return 0;
}

static void serve_keeping(const char *address)
{
    loop = yolanda_loop_new(NULL, NULL);
    NEED(loop != NULL);
    server = yolanda_server_new(loop, address, keep, on_message, NULL, on_closed, 0);
    NEED(server != NULL && yolanda_server_start(server) == 0);
}

static void hang_up(void)
{
    close(clients[0]);
}

CASE(bytes_of_a_connection)
{
    serve_keeping("127.0.0.1:0");
    come(1);
    UNTIL(completed == 1);
    CHECK_INT(yolanda_connection_set_timeouts(last, LIMIT, LIMIT, 0), 0);
    rest = "x";
    away(say_the_rest);
    UNTIL(messages == 1);
    CHECK_INT(closed, 0);
    UNTIL(closed == 1);
    CHECK_INT(last_error, ETIMEDOUT);
    hang_up();
    end();
}

CASE(the_end_of_a_connection)
{
    serve_keeping("127.0.0.1:0");
    come(1);
    UNTIL(completed == 1);
    CHECK_INT(yolanda_connection_set_timeouts(last, LIMIT, LIMIT, 0), 0);
    away(hang_up);
    UNTIL(closed == 1);
    CHECK_INT(last_error, 0);
    end();
}

/* The peer takes all that there is, and ends as well. */
static size_t taken;

static void take(void)
{
    static char block[1 << 16];
    ssize_t n;
    while ((n = recv(clients[0], block, sizeof block, MSG_DONTWAIT)) > 0) {
        taken += n;
    }
    NEED(n == 0 || errno == EAGAIN);
}

static void take_all(void)
{
    take();
    shutdown(clients[0], SHUT_WR);
}

CASE(the_last_bytes_of_a_connection)
{
    static char block[300000];
    const char *address = own_address();
    serve_keeping(address);
    clients[0] = dial(address);
    UNTIL(completed == 1);
    CHECK(tcp_connection_send_data(last, block, sizeof block) >= 0);
    CHECK_INT(yolanda_connection_close_after_send(last, LIMIT), 0);
    take_in();
    CHECK_INT(closed, 0);
    away(take_all);
    UNTIL(closed == 1);
    CHECK_INT(last_error, 0);
    take();
    CHECK_INT(taken, sizeof block);
    close(clients[0]);
    end();
}

CASE(the_peers_end_after_the_last_bytes)
{
    serve_keeping("127.0.0.1:0");
    come(1);
    UNTIL(completed == 1);
    CHECK_INT(yolanda_connection_close_after_send(last, LIMIT), 0);
    take_in();
    away(hang_up);
    UNTIL(closed == 1);
    CHECK_INT(last_error, 0);
    end();
}

/* The server's own wait for the peer's end, of five seconds. */
CASE(the_peers_end_of_a_server_that_stops)
{
    const char *address = own_address();
    serve_keeping(address);
    clients[0] = dial(address);
    put(clients[0], "x");
    UNTIL(messages == 1);
    CHECK_INT(yolanda_server_stop(server, -1, on_done, &done), 0);
    take_in();
    CHECK_INT(closed, 0); /* the answer hasn't been read */
    long long start = now_ms();
    while (now_ms() < start + 4500) {
        yolanda_loop_run_once(loop, 50);
    }
    meanwhile = take_all;
    NEED(yolanda_loop_post(loop, be_away_for_long, NULL) == 0);
    UNTIL(done == 1);
    close(clients[0]);
    CHECK_INT(last_error, 0);
    end();
}

CASE(a_server_that_stops)
{
    serve_keeping("127.0.0.1:0");
    come(1);
    put(clients[0], "x");
    UNTIL(messages == 1);
    /* An idle connection would end at once: this one has unread bytes. */
    CHECK_INT(tcp_connection_send_data(last, "", 0), 0);
    last->request = last;
    CHECK_INT(yolanda_server_stop(server, LIMIT, on_done, &done), 0);
    rest = "yz";
    away(say_the_rest);
    UNTIL(done == 1);
    CHECK_INT(messages, 2);
    ends_after(clients[0], 3);
    close(clients[0]);
    end();
}

/* Clients: the server answered at once. */
static struct yolanda_client *client;
static atomic_int failures, last_failure;

static void on_failed(struct yolanda_client *which, int error, void *data)
{
    (void)which, (void)data;
    last_failure = error;
    failures++;
}

static void start_client(void)
{
    CHECK_INT(yolanda_client_start(client), 0);
}

static void connect_to(const char *address)
{
    client = yolanda_client_new(loop, address, on_completed, NULL, NULL, on_closed);
    NEED(client != NULL);
    CHECK_INT(yolanda_client_set_timeout(client, LIMIT), 0);
    CHECK_INT(yolanda_client_set_failed_callback(client, on_failed, NULL), 0);
    away(start_client);
}

CASE(a_client)
{
    char text[32];
    serve_keeping("127.0.0.1:0");
    snprintf(text, sizeof text, "127.0.0.1:%d", server->port);
    connect_to(text);
    UNTIL(completed == 2 || failures > 0);
    CHECK_INT(last_failure, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_client_with_a_name)
{
    char text[32];
    serve_keeping("127.0.0.1:0");
    snprintf(text, sizeof text, "localhost:%d", server->port);
    connect_to(text);
    UNTIL(completed == 2 || failures > 0);
    CHECK_INT(last_failure, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Refused is refused, not late. */
CASE(a_client_that_is_refused)
{
    char text[32];
    serve_keeping("127.0.0.1:0");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    NEED(bind(fd, (struct sockaddr *)&at, len) == 0);
    NEED(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(at.sin_port));
    connect_to(text);
    UNTIL(failures > 0);
    CHECK_INT(last_failure, ECONNREFUSED);
    close(fd);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
