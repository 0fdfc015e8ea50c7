/* HTTP answers that several threads give, whole and in parts, with posts and plain sends between: each client
 * sees every byte, in the order in which its worker gave them. */
#include "http_aid.h"

#define WORKERS 4
#define CLIENTS 24
#define REQUESTS 8
#define PARTS 40

struct job {
    struct http_request *request;
    struct http_response *response;
    struct event_loop *on;
    struct job *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static int no_more;
static atomic_int posted, answered, asking;

static void count_post(struct event_loop *on, void *data)
{
    (void)on;
    posted += *(int *)data;
    free(data);
}

static void post_one(struct job *job)
{
    int *one = malloc(sizeof *one);
    *one = 1;
    CHECK_INT(yolanda_loop_post(job->on, count_post, one), 0);
}

/* "/parts/N": N lines in as many parts; "/whole/N": in one piece; "/length/N": of a length that is known. */
static size_t lines_of(int from, int to, char *text)
{
    size_t len = 0;
    for (int i = from; i < to; i++) {
        len += sprintf(text + len, "line %04d of the answer\n", i);
    }
    return len;
}

static void answer(struct job *job)
{
    static _Thread_local char text[100 * PARTS];
    struct http_response *response = job->response;
    const char *url = job->request->url;
    int parts = atoi(strrchr(url, '/') + 1);
    yolanda_http_response_set_status(response, 200, NULL);
    if (strncmp(url, "/whole", 6) == 0) {
        yolanda_http_response_set_body(response, text, lines_of(0, parts, text));
        post_one(job);
    } else {
        int known = strncmp(url, "/length", 7) == 0;
        CHECK_INT(yolanda_http_response_begin(response, known ? (int64_t)lines_of(0, parts, text) : -1), 0);
        for (int i = 0; i < parts; i++) {
            CHECK_INT(yolanda_http_response_write(response, text, lines_of(i, i + 1, text)), 0);
            if (i % 3 == 0) {
                post_one(job);
            }
        }
    }
    CHECK_INT(yolanda_http_response_send(response), 0);
    free(job);
    answered++;
}

static void work(void *data)
{
    (void)data;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (jobs == NULL && !no_more) {
            pthread_cond_wait(&filled, &lock);
        }
        struct job *job = jobs;
        if (job != NULL) {
            jobs = job->next;
        }
        pthread_mutex_unlock(&lock);
        if (job == NULL) {
            return;
        }
        answer(job);
    }
}

static int defer(struct http_request *request, struct http_response *response)
{
    struct job *job = malloc(sizeof *job);
    *job = (struct job){ request, yolanda_http_response_defer(response), loop, NULL };
    NEED(job->response != NULL);
    pthread_mutex_lock(&lock);
    job->next = jobs;
    jobs = job;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* Reads one answer of `parts` lines from the bytes of a connection. */
static const char *see_answer(const char *at, int parts)
{
    char wanted[100 * PARTS], seen[100 * PARTS];
    size_t len = lines_of(0, parts, wanted), have = 0;
    const char *body = strstr(at, "\r\n\r\n");
    if (!CHECK(strncmp(at, "HTTP/1.1 200 OK\r\n", 17) == 0 && body != NULL)) {
        return NULL;
    }
    int chunked = memmem(at, body - at, "chunked", 7) != NULL;
    body += 4;
    if (!chunked) {
        CHECK(strlen(body) >= len && memcmp(body, wanted, len) == 0);
        return body + len;
    }
    for (;;) {
        char *end;
        size_t size = strtoul(body, &end, 16);
        body = end + 2;
        NEED(have + size < sizeof seen && strlen(body) >= size + 2);
        memcpy(seen + have, body, size);
        have += size;
        body += size + 2;
        if (size == 0) {
            break;
        }
    }
    CHECK(have == len && memcmp(seen, wanted, len) == 0);
    return body;
}

static void ask(void *data)
{
    static const char *const kind[] = { "parts", "whole", "length" };
    static _Thread_local char text[REQUESTS * 200 * PARTS];
    unsigned seed = (unsigned)(size_t)data;
    int parts[REQUESTS], fd = dial_port(http->tcpServer->port);
    size_t have = 0;
    ssize_t n;
    NEED(fd >= 0);
    for (int i = 0; i < REQUESTS; i++) {
        char request[200];
        parts[i] = rand_r(&seed) % PARTS;
        snprintf(request, sizeof request, "GET /%s/%d HTTP/1.1\r\nHost: a\r\n%s\r\n", kind[rand_r(&seed) % 3],
                 parts[i], i == REQUESTS - 1 ? "Connection: close\r\n" : "");
        put(fd, request);
    }
    while ((n = recv(fd, text + have, sizeof text - 1 - have, 0)) > 0) {
        have += n;
    }
    CHECK_INT(n, 0);
    text[have] = '\0';
    const char *at = text;
    for (int i = 0; i < REQUESTS && at != NULL; i++) {
        at = see_answer(at, parts[i]);
    }
    CHECK(at == text + have);
    close(fd);
    asking--;
}

CASE(workers_answer)
{
    pthread_t worker[WORKERS], client[CLIENTS];
    yolanda_log_set_level(YOLANDA_LOG_OFF);
    make_http(defer);
    NEED(yolanda_server_start(http->tcpServer) == 0);
    for (int i = 0; i < WORKERS; i++) {
        worker[i] = start_thread(work, NULL);
    }
    asking = CLIENTS;
    for (int i = 0; i < CLIENTS; i++) {
        client[i] = start_thread(ask, (void *)(size_t)(i + 1));
    }
    UNTIL(asking == 0);
    CHECK_INT(answered, CLIENTS * REQUESTS);
    CHECK(posted > 0);
    for (int i = 0; i < CLIENTS; i++) {
        join(client[i]);
    }
    pthread_mutex_lock(&lock);
    no_more = 1;
    pthread_cond_broadcast(&filled);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++) {
        join(worker[i]);
    }
}

/* A worker answers, and then asks more of the connection itself: all of it comes behind the answer. */
static struct tcp_connection *behind;

static void post_behind(struct event_loop *on, void *data)
{
    (void)on;
    CHECK(tcp_connection_send_data(behind, data, 1) >= 0);
}

static void answer_and_send(void *data)
{
    struct job *job = data;
    struct event_loop *on = job->on;
    CHECK_INT(yolanda_loop_post(on, post_behind, "<"), 0);
    answer(job);
    CHECK_INT(tcp_connection_send_data(behind, "1", 1), 0);
    CHECK_INT(yolanda_loop_post(on, post_behind, "2"), 0);
    CHECK_INT(tcp_connection_send_data(behind, "3", 1), 0);
    tcp_connection_shutdown(behind);
}

static int answer_here(struct http_request *request, struct http_response *response)
{
    struct job *job = malloc(sizeof *job);
    *job = (struct job){ request, yolanda_http_response_defer(response), loop, NULL };
    NEED(job->response != NULL);
    behind = yolanda_http_request_connection(request);
    on_thread(answer_and_send, job);
    return 0;
}

static void sent_behind(const char *kind)
{
    char request[200];
    make_http(answer_here);
    NEED(yolanda_server_start(http->tcpServer) == 0);
    snprintf(request, sizeof request, "GET /%s/5 HTTP/1.1\r\nHost: a\r\n\r\n", kind);
    const char *came = exchange(request);
    CHECK(came[0] == '<');
    CHECK_TEXT(see_answer(came + 1, 5), "123");
}

CASE(what_is_sent_behind_a_whole_answer)
{
    sent_behind("whole");
}

CASE(what_is_sent_behind_parts)
{
    sent_behind("parts");
}
