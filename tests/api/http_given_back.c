/* yolanda.h: once a deferred response was sent, its callback is never called again; until then it is told
 * of the client's end, once. Answers of other threads are in tests/net/test_http_later.py. */
#include "http_aid.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

enum way { IN_HANDLER, WRITABLE_SENDS, WRITABLE_CLOSES, WRITABLE_STOPS, WRITABLE_FREES, NEVER };

static enum way way;
static int sent, late, writable, gone;
static struct http_response *later;
static struct tcp_connection *connection;

static void give_back(struct http_response *response)
{
    sent = 1;
    CHECK(yolanda_http_response_send(response) == 0 || errno == ENOTCONN);
}

static void on_stream(struct http_response *response, int event, void *data)
{
    CHECK(data == &sent);
    late += sent;
    if (event == YOLANDA_HTTP_CLOSED) {
        gone++;
    } else {
        CHECK_INT(event, YOLANDA_HTTP_WRITABLE);
        writable++;
    }
    if (sent || (way == NEVER && event == YOLANDA_HTTP_WRITABLE)) {
        return;
    }
    give_back(response);
    if (event == YOLANDA_HTTP_CLOSED) {
        return;
    }
    switch (way) {
    case WRITABLE_CLOSES: CHECK_INT(yolanda_connection_close(connection), 0); break;
    case WRITABLE_STOPS: CHECK_INT(yolanda_server_stop(http->tcpServer, 0, NULL, NULL), 0); break;
    case WRITABLE_FREES: CHECK_INT(yolanda_http_server_free(http), 0); break;
    default: break;
    }
}

static int on_request(struct http_request *request, struct http_response *response)
{
    connection = yolanda_http_request_connection(request);
    later = yolanda_http_response_defer(response);
    NEED(later != NULL);
    CHECK_INT(yolanda_http_response_set_status(later, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_begin(later, -1), 0);
    CHECK_INT(yolanda_http_response_set_stream_callback(later, on_stream, &sent), 0);
    if (way == IN_HANDLER) {
        CHECK_INT(yolanda_http_response_write(later, "all of it", 9), 0);
        give_back(later);
    }
    return 0;
}

static int asking(enum way how)
{
    way = how;
    sent = late = writable = gone = 0;
    make_http(on_request);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, GET);
    return fd;
}

static void finish(void)
{
    CHECK_INT(yolanda_loop_free(loop), 0);
    loop = NULL;
    CHECK_INT(late, 0);
}

/* A few passes, in which whatever is on its way arrives. */
static void settle(void)
{
    for (int i = 0; i < 20; i++) {
        yolanda_loop_run_once(loop, 2);
    }
}

CASE(in_the_handler)
{
    int fd = asking(IN_HANDLER);
    UNTIL(sent);
    settle();
    close(fd);
    settle();
    finish();
    CHECK_INT(writable + gone, 0);
}

static void in_writable(enum way how)
{
    int fd = asking(how);
    UNTIL(sent);
    settle();
    finish();
    close(fd);
    CHECK_INT(writable, 1);
    CHECK_INT(gone, 0);
}

CASE(in_the_callback_that_closes)
{
    in_writable(WRITABLE_CLOSES);
}

CASE(in_the_callback_that_stops_the_server)
{
    in_writable(WRITABLE_STOPS);
}

CASE(in_the_callback_that_frees_the_server)
{
    in_writable(WRITABLE_FREES);
}

/* The connections end before what the send has posted is run. */
CASE(while_the_loop_is_freed)
{
    int fd = asking(WRITABLE_SENDS);
    UNTIL(sent);
    finish();
    close(fd);
    CHECK_INT(writable, 1);
}

/* CLOSED comes once, and the response is the program's until it sends. */
CASE(the_client_goes)
{
    int fd = asking(NEVER);
    UNTIL(writable == 1);
    reset_fd(fd);
    UNTIL(gone == 1);
    CHECK_INT(sent, 1);
    settle();
    finish();
    CHECK_INT(gone, 1);
}

static void on_late_stream(struct http_response *response, int event, void *data)
{
    CHECK_INT(event, YOLANDA_HTTP_CLOSED);
    on_stream(response, event, data);
}

/* A callback that is set after the client has gone is called, once. */
CASE(asked_after_the_end)
{
    int fd = asking(NEVER);
    UNTIL(writable == 1);
    CHECK_INT(yolanda_http_response_set_stream_callback(later, NULL, NULL), 0);
    reset_fd(fd);
    UNTIL(!yolanda_http_response_is_open(later));
    settle();
    CHECK_INT(gone, 0);
    CHECK_INT(yolanda_http_response_set_stream_callback(later, on_late_stream, &sent), 0);
    UNTIL(gone == 1);
    settle();
    finish();
    CHECK_INT(gone, 1);
    CHECK_INT(sent, 1);
}

/* The program of docs/http.md: a write finds the reset, the program ends, and must not hear of it again. */
struct counter {
    int next;
};

static int made, ended, client, resets_at;

static void go_on(struct http_response *response, int event, void *data)
{
    struct counter *counter = data;
    char line[32];

    if (counter->next == resets_at) {
        reset_fd(client);
        resets_at = -1;
    }
    if (event == YOLANDA_HTTP_WRITABLE && counter->next < 1000) {
        int length = snprintf(line, sizeof(line), "%d\n", counter->next++);

        if (yolanda_http_response_write(response, line, (size_t) length) == 0)
            return;
    }
    yolanda_http_response_send(response);
    free(counter);
    ended++;
}

static int count(struct http_request *request, struct http_response *response)
{
    struct counter *counter = calloc(1, sizeof(*counter));
    struct http_response *answer = yolanda_http_response_defer(response);

    (void)request;
    NEED(counter != NULL && answer != NULL);
    yolanda_http_response_set_status(answer, 200, NULL);
    yolanda_http_response_begin(answer, -1);
    yolanda_http_response_set_stream_callback(answer, go_on, counter);
    made++;
    return 0;
}

CASE(a_write_finds_the_reset)
{
    make_http(count);
    CHECK_INT(yolanda_http_server_start(http), 0);
    for (int i = 0; i < 20; i++) {
        resets_at = i % 5;
        client = dial_port(http->tcpServer->port);
        NEED(client >= 0);
        put(client, GET);
        UNTIL(ended == i + 1);
        settle();
        CHECK_INT(ended, i + 1);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(ended, made);
}

/* Another thread sends while the connection's thread is about to call, or calls. */
static sem_t go, over;
static atomic_int inside, given, after;

static void on_busy_stream(struct http_response *response, int event, void *data)
{
    (void)response, (void)data, (void)event;
    after += given;
    inside = 1;
    sched_yield();
    inside = 0;
}

static void *send_it(void *response)
{
    yolanda_http_response_send(response);
    given = 1;
    after += inside;
    sem_post(&over);
    return NULL;
}

static int hand_over(struct http_request *request, struct http_response *response)
{
    pthread_t thread;
    struct http_response *answer = yolanda_http_response_defer(response);
    (void)request;
    NEED(answer != NULL);
    given = 0;
    CHECK_INT(yolanda_http_response_set_status(answer, 200, NULL), 0);
    CHECK_INT(yolanda_http_response_set_stream_callback(answer, on_busy_stream, NULL), 0);
    CHECK_INT(yolanda_http_response_begin(answer, -1), 0);
    NEED(pthread_create(&thread, NULL, send_it, answer) == 0);
    pthread_detach(thread);
    return 0;
}

CASE(on_another_thread)
{
    NEED(sem_init(&over, 0, 0) == 0);
    make_http(hand_over);
    CHECK_INT(yolanda_http_server_start(http), 0);
    for (int i = 0; i < 200; i++) {
        int fd = dial_port(http->tcpServer->port);
        NEED(fd >= 0);
        put(fd, GET);
        UNTIL(sem_trywait(&over) == 0);
        close(fd);
        yolanda_loop_run_once(loop, 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(after, 0);
}

/* A send waits for the call that is running: what the call uses may be freed behind the send. */
static atomic_int finished, finished_at_send;
static struct http_response *slow;

static void on_slow_stream(struct http_response *response, int event, void *data)
{
    CHECK(response == slow);
    CHECK_INT(event, YOLANDA_HTTP_WRITABLE);
    (void)data;
    sem_post(&go);
    usleep(100000);
    finished = 1;
}

static void *send_slow(void *data)
{
    (void)data;
    sem_wait(&go);
    CHECK_INT(yolanda_http_response_send(slow), 0);
    finished_at_send = finished;
    sem_post(&over);
    return NULL;
}

static int on_slow(struct http_request *request, struct http_response *response)
{
    (void)request;
    slow = yolanda_http_response_defer(response);
    CHECK_INT(yolanda_http_response_set_stream_callback(slow, on_slow_stream, NULL), 0);
    return 0;
}

CASE(a_send_elsewhere_waits_for_the_call)
{
    pthread_t thread;
    NEED(sem_init(&go, 0, 0) == 0 && sem_init(&over, 0, 0) == 0);
    make_http(on_slow);
    CHECK_INT(yolanda_http_server_start(http), 0);
    NEED(pthread_create(&thread, NULL, send_slow, NULL) == 0);
    int fd = dial_port(http->tcpServer->port);
    NEED(fd >= 0);
    put(fd, GET);
    UNTIL(sem_trywait(&over) == 0);
    CHECK_INT(finished_at_send, 1);
    pthread_join(thread, NULL);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(fd);
}

/* The loop is being freed and takes nothing from other threads, but knows the connection still. */
static struct http_response *two[2];
static atomic_int taken, told;

static void *send_the_other(void *response)
{
    CHECK(yolanda_http_response_send(response) == 0 || errno == ENOTCONN);
    return NULL;
}

static void on_first_of_two(struct http_response *response, int event, void *data)
{
    struct http_response *other = response == two[0] ? two[1] : two[0];
    pthread_t thread;
    (void)data;
    if (event != YOLANDA_HTTP_CLOSED) {
        return;
    }
    told++;
    CHECK_INT(told, 1);
    NEED(pthread_create(&thread, NULL, send_the_other, other) == 0);
    pthread_join(thread, NULL);
    yolanda_http_response_send(response);
}

static int on_one_of_two(struct http_request *request, struct http_response *response)
{
    (void)request;
    two[taken] = yolanda_http_response_defer(response);
    CHECK_INT(yolanda_http_response_set_stream_callback(two[taken], on_first_of_two, NULL), 0);
    taken++;
    return 0;
}

static void freed_with_two(int threads)
{
    taken = told = 0;
    loop = yolanda_loop_new(NULL, NULL);
    http = yolanda_http_server_new(loop, "127.0.0.1:0", on_one_of_two, threads);
    NEED(http != NULL);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int fd[2];
    for (int i = 0; i < 2; i++) {
        fd[i] = dial_port(http->tcpServer->port);
        NEED(fd[i] >= 0);
        put(fd[i], GET);
    }
    UNTIL(taken == 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(told, 1);
    close(fd[0]);
    close(fd[1]);
}

CASE(elsewhere_while_the_loop_is_freed)
{
    freed_with_two(0);
    freed_with_two(1);
}

/* What a route's handler uses stays until the last deferred response of its server was sent. */
static int destroyed;

static void on_route(struct http_request *request, struct http_response *response, void *data)
{
    (void)request;
    CHECK(data == &destroyed);
    later = yolanda_http_response_defer(response);
}

static void destroy(void *data)
{
    CHECK(data == &destroyed);
    destroyed++;
}

CASE(the_route_of_a_response_that_is_still_out)
{
    for (int frees = 0; frees < 2; frees++) {
        destroyed = 0;
        later = NULL;
        make_http(NULL);
        CHECK_INT(yolanda_http_server_route(http, "GET", "/", on_route, &destroyed, destroy), 0);
        CHECK_INT(yolanda_http_server_start(http), 0);
        int fd = dial_port(http->tcpServer->port);
        NEED(fd >= 0);
        put(fd, GET);
        UNTIL(later != NULL);
        if (frees) {
            CHECK_INT(yolanda_loop_free(loop), 0);
            loop = NULL;
        } else {
            CHECK_INT(yolanda_http_server_free(http), 0);
            settle();
        }
        CHECK_INT(destroyed, 0);
        CHECK_INT(yolanda_http_response_send(later), -1);
        CHECK_INT(errno, ENOTCONN);
        if (!frees) {
            UNTIL(destroyed == 1);
            CHECK_INT(yolanda_loop_free(loop), 0);
            loop = NULL;
        }
        CHECK_INT(destroyed, 1);
        close(fd);
    }
}
