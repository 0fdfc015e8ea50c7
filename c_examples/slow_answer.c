/*
 * Responses that take a while: worker threads compute them while the server serves other clients.
 *
 *     ./slow_answer [ADDRESS]        default: localhost:43211
 *
 *     curl localhost:43211/primes/5000000       how many primes there are up to this number: takes seconds
 *     curl localhost:43211/status               answered at once, even during that
 *
 * A request callback that computes for seconds delays all connections on its thread. So it defers its
 * response, leaves the work to another thread, and returns.
 */
#include <pthread.h>
#include <stdatomic.h>
#include "yolanda.h"
#include "example.h"

enum { WORKERS = 2, WAITING_MAX = 100, NUMBER_MAX = 100000000 };

struct job {
    struct http_response *response; /* deferred: belongs to this job until it is sent */
    long number;
    struct job *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *jobs; /* protected by the lock */
static int waiting, busy, ended;
static atomic_int in_a_hurry; /* the program ends: computations are abandoned */

/* Copies `text` into a response, deferred or not. */
static void answer(struct http_response *response, int status, const char *text)
{
    yolanda_http_response_set_status(response, status, NULL);
    yolanda_http_response_set_content_type(response, "text/plain");
    if (yolanda_http_response_set_body(response, text, strlen(text)) < 0)
        yolanda_http_response_set_status(response, 503, NULL);
}

/* Returns -1 if the response isn't needed any more: the connection was reset, or the deadline has passed.
 * A client that has only stopped sending may still be waiting for its response. */
static long count_primes(long number, struct http_response *response)
{
    long count = number >= 2;

    for (long n = 3; n <= number; n += 2) {
        long divisor = 3;

        if (n % 1024 == 1 && (in_a_hurry || yolanda_http_response_is_open(response) != 1))
            return -1;
        while (divisor * divisor <= n && n % divisor != 0)
            divisor += 2;
        count += divisor * divisor > n;
    }
    return count;
}

static void work_at(struct job *job)
{
    long count = count_primes(job->number, job->response);
    char text[80];

    snprintf(text, sizeof(text), "%ld primes up to %ld\n", count, job->number);
    if (count >= 0)
        answer(job->response, 200, text);
    else
        answer(job->response, 503, "the server ends\n");
    /* Even if the client has gone: this frees the response. */
    if (yolanda_http_response_send(job->response) < 0)
        printf("nobody waits for the primes up to %ld any more\n", job->number);
    else
        printf("%s", text);
    fflush(stdout);
    free(job);
}

/* Takes jobs in order; returns when there are none and the program ends. */
static void *work(void *data)
{
    (void) data;
    pthread_mutex_lock(&lock);
    for (;;) {
        struct job *job = jobs;

        if (job != NULL) {
            jobs = job->next;
            waiting--;
            busy++;
            pthread_mutex_unlock(&lock);
            work_at(job);
            pthread_mutex_lock(&lock);
            busy--;
        } else if (ended) {
            break;
        } else {
            pthread_cond_wait(&changed, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Appends a job to the queue; returns 0 if there are too many. */
static int enqueue(struct job *job)
{
    struct job **end = &jobs;
    int taken;

    pthread_mutex_lock(&lock);
    taken = waiting < WAITING_MAX;
    if (taken) {
        while (*end != NULL)
            end = &(*end)->next;
        *end = job;
        waiting++;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

static void on_primes(struct http_request *request, struct http_response *response, void *data)
{
    const char *text = yolanda_http_request_param(request, "number");
    char *end;
    long number = strtol(text, &end, 10);
    struct job *job;

    (void) data;
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > NUMBER_MAX) {
        answer(response, 400, "up to which number, of 100000000 at most?\n");
        return;
    }
    job = calloc(1, sizeof(*job));
    /* After this, `response` has no effect: the deferred one replaces it. */
    if (job == NULL || (job->response = yolanda_http_response_defer(response)) == NULL) {
        free(job);
        answer(response, 503, "no memory\n");
        return;
    }
    job->number = number;
    if (!enqueue(job)) {
        /* A queue without a limit would delay all responses more and more. */
        answer(job->response, 503, "too many wait already\n");
        yolanda_http_response_send(job->response);
        free(job);
    }
}

static void on_status(struct http_request *request, struct http_response *response, void *data)
{
    char text[80];

    (void) request;
    (void) data;
    pthread_mutex_lock(&lock);
    snprintf(text, sizeof(text), "%d workers are busy, %d requests wait\n", busy, waiting);
    pthread_mutex_unlock(&lock);
    answer(response, 200, text);
}

static void on_stopped(struct TCPserver *server, void *data)
{
    (void) data;
    yolanda_loop_quit(server->eventLoop);
}

/* The server stops accepting, and ends when all clients have their responses, or after 60 seconds. A
 * second signal ends it at once. */
static void on_signal(struct event_loop *loop, int signal_number, void *data)
{
    struct http_server *server = data;

    (void) signal_number;
    if (yolanda_server_stop(server->tcpServer, 60000, on_stopped, NULL) < 0)
        yolanda_loop_quit(loop);
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS];
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct http_server *server = yolanda_http_server_new(loop, example_address(argc, argv), NULL, 0);

    if (server == NULL)
        err_sys("%s", example_address(argc, argv));
    if (yolanda_http_server_route(server, "GET", "/primes/:number", on_primes, NULL, NULL) < 0
        || yolanda_http_server_route(server, "GET", "/status", on_status, NULL, NULL) < 0
        || yolanda_signal_start(loop, SIGINT, on_signal, server) == 0
        || yolanda_signal_start(loop, SIGTERM, on_signal, server) == 0
        || yolanda_http_server_start(server) < 0)
        err_sys("can't start");
    for (int i = 0; i < WORKERS; i++)
        if ((errno = pthread_create(&workers[i], NULL, work, NULL)) != 0)
            err_sys("can't start a thread");
    example_announce_address(server->tcpServer);
    event_loop_run(loop);

    /* Waiting responses must still be sent: that frees them. */
    in_a_hurry = 1;
    pthread_mutex_lock(&lock);
    ended = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    yolanda_loop_free(loop); /* with the server */
    return 0;
}
