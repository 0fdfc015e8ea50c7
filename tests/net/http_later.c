/* http_later THREADS: responses by setters, later, in parts; see on_request. Two workers answer
 * what is deferred to them. */
#include "net.h"
#include <lib/http_server.h>
#include <yolanda.h>

struct job {
    struct http_request *request;
    struct http_response *response;
    struct job *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct job *jobs;
static atomic_int gone, streams_closed, held;

static void answer(struct job *job) {
    struct http_response *response = job->response;
    const char *url = job->request->url;
    PROMISE(yolanda_http_response_set_status(response, 200, NULL) == 0);
    PROMISE(yolanda_http_response_add_header(response, "X-Url", url) == 0);
    if (strncmp(url, "/later/parts/", 13) == 0) {
        int parts = atoi(url + 13);
        char part[64];
        PROMISE(yolanda_http_response_write(response, "x", 1) == -1 && (errno == EINVAL || errno == ENOTCONN));
        yolanda_http_response_begin(response, -1);
        PROMISE(yolanda_http_response_begin(response, -1) == -1);
        for (int i = 0; i < parts; i++) {
            int size = snprintf(part, sizeof part, "part %d\n", i);
            if (yolanda_http_response_write(response, part, size) < 0)
                break;
        }
    } else if (strncmp(url, "/later/short/", 13) == 0) {
        yolanda_http_response_begin(response, 10);
        PROMISE(yolanda_http_response_write(response, "12345678901", 11) == -1);
        yolanda_http_response_write(response, "12345", 5);
    } else if (strncmp(url, "/later/exact/", 13) == 0) {
        yolanda_http_response_begin(response, 10);
        yolanda_http_response_write(response, "12345", 5);
        yolanda_http_response_write(response, "67890", 5);
    } else {
        yolanda_http_response_set_body(response, url, strlen(url));
    }
    if (yolanda_http_response_send(response) < 0) {
        PROMISE(errno == ENOTCONN);
        gone++;
    }
    free(job);
}

static void *work(void *unused) {
    (void) unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (jobs == NULL || held)
            pthread_cond_wait(&filled, &lock);
        struct job *job = jobs;
        jobs = job->next;
        pthread_mutex_unlock(&lock);
        answer(job);
    }
    return NULL;
}

/* A body of any size out of one block, as fast as the client takes it. */
struct stream {
    long left;
};

static void on_stream(struct http_response *response, int event, void *data) {
    static const char block[50000];
    struct stream *stream = data;
    if (event == YOLANDA_HTTP_CLOSED) {
        streams_closed++;
    } else {
        PROMISE(event == YOLANDA_HTTP_WRITABLE);
        PROMISE(yolanda_http_response_queued(response) == 0);
        long size = stream->left < (long) sizeof block ? stream->left : (long) sizeof block;
        if (size > 0) {
            if (yolanda_http_response_write(response, block, size) < 0)
                PROMISE(errno == ENOTCONN || errno == EPIPE || errno == ECONNRESET);
            stream->left -= size;
            return;
        }
    }
    yolanda_http_response_send(response);
    free(stream);
}

static void control(int signal_number) {
    (void) signal_number;
    say("gone %d streams closed %d", gone, streams_closed);
}

static int on_request(struct http_request *request, struct http_response *response) {
    char *url = request->url;
    messages++;
    if (strncmp(url, "/later/", 7) == 0 || strcmp(url, "/hold") == 0) {
        struct job *job = malloc(sizeof *job);
        job->request = request;
        job->response = yolanda_http_response_defer(response);
        PROMISE(job->response != NULL && job->response != response);
        PROMISE(yolanda_http_response_defer(response) == NULL && errno == EALREADY);
        PROMISE(yolanda_http_response_is_open(job->response) == 1);
        pthread_mutex_lock(&lock);
        held = strcmp(url, "/hold") == 0;
        struct job **end = &jobs;
        while (*end != NULL)
            end = &(*end)->next;
        job->next = NULL;
        *end = job;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
        return 0;
    }
    if (strncmp(url, "/stream/", 8) == 0) {
        struct stream *stream = malloc(sizeof *stream);
        struct http_response *later = yolanda_http_response_defer(response);
        stream->left = atol(url + 8);
        PROMISE(yolanda_http_response_set_status(later, 200, "Flowing") == 0);
        if (yolanda_http_response_begin(later, stream->left) < 0) {
            PROMISE(errno == ENOTCONN || errno == EPIPE || errno == ECONNRESET);
            free(stream);
            PROMISE(yolanda_http_response_send(later) == 0 || errno == ENOTCONN);
            return 0;
        }
        PROMISE(yolanda_http_response_set_stream_callback(later, on_stream, stream) == 0);
        return 0;
    }
    if (strcmp(url, "/now") == 0) {
        /* Deferred, and given at once. */
        struct http_response *later = yolanda_http_response_defer(response);
        yolanda_http_response_set_status(later, 201, NULL);
        yolanda_http_response_set_body(later, "now", 3);
        PROMISE(yolanda_http_response_send(later) == 0);
        return 0;
    }
    if (strcmp(url, "/release") == 0) {
        pthread_mutex_lock(&lock);
        held = 0;
        pthread_cond_broadcast(&filled);
        pthread_mutex_unlock(&lock);
    }
    if (strcmp(url, "/bad") == 0) {
        PROMISE(yolanda_http_response_add_header(response, "A", "b\r\nC: d") == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_add_header(response, "A B", "c") == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_add_header(response, "", "c") == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_add_header(response, "Content-Length", "7") == -1);
        PROMISE(yolanda_http_response_add_header(response, "transfer-encoding", "chunked") == -1);
        PROMISE(yolanda_http_response_set_content_type(response, "a\nb") == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_set_status(response, 200, "O\rK") == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_set_status(response, 100, NULL) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_set_status(response, 1000, NULL) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_set_body(response, NULL, 1) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_send(response) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_begin(response, 0) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_is_open(response) == -1 && errno == EINVAL);
        struct http_response *own = http_response_new();
        PROMISE(yolanda_http_response_set_body(own, "x", 1) == -1 && errno == EINVAL);
        PROMISE(yolanda_http_response_defer(own) == NULL && errno == EINVAL);
        free(own);
        for (int i = 0; i < 128; i++)
            PROMISE(yolanda_http_response_add_header(response, "X-Many", "x") == 0);
        PROMISE(yolanda_http_response_add_header(response, "X-Many", "x") == -1 && errno == ENOSPC);
    }
    char name[] = "X-Copied", value[] = " a value ", type[] = "application/octet-stream";
    char body[] = "bytes \0 of any kind", message[] = "Fine";
    PROMISE(yolanda_http_response_set_status(response, 200, message) == 0);
    PROMISE(yolanda_http_response_set_content_type(response, type) == 0);
    if (strcmp(url, "/bad") != 0)
        PROMISE(yolanda_http_response_add_header(response, name, value) == 0);
    if (strcmp(url, "/date") == 0)
        PROMISE(yolanda_http_response_add_header(response, "date", "never") == 0);
    if (strncmp(url, "/large/", 7) == 0) {
        long size = atol(url + 7);
        char *large = malloc(size);
        for (long i = 0; i < size; i++)
            large[i] = (char) pattern(i);
        PROMISE(yolanda_http_response_set_body(response, large, size) == 0);
        free(large);
    } else {
        PROMISE(yolanda_http_response_set_body(response, body, sizeof body) == 0);
    }
    memset(name, '!', sizeof name);
    memset(value, '!', sizeof value);
    memset(type, '!', sizeof type);
    memset(body, '!', sizeof body);
    memset(message, '!', sizeof message);
    return 0;
}

int main(int argc, char **argv) {
    (void) argc;
    lines_at_once();
    report_on_signal();
    signal(SIGUSR2, control);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, NULL);
    }
    struct event_loop *loop = event_loop_init();
    struct http_server *server = http_server_new(loop, 0, on_request, atoi(argv[1]));
    PROMISE(server != NULL);
    /* A body in parts is a few small writes. */
    PROMISE(yolanda_server_set_nodelay(server->tcpServer, 1) == 0);
    http_server_start(server);
    say_port(server->tcpServer->acceptor);
    return event_loop_run(loop);
}
