/* world.h - what a cell runs: a loop, a server with its threads, clients of the same process, timers, a
 * signal, a channel; and what must hold of every connection at any time. */
#ifndef WORLD_H
#define WORLD_H

#include <yolanda.h>

#include <lib/channel.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The callbacks. `happens` is called in each. */
#define KINDS(X)                                                                                    \
    X(COMPLETED) X(MESSAGE) X(WRITTEN) X(CLOSED) X(HIGH_MARK) X(LOW_MARK) X(DESTRUCTOR)             \
    X(CLIENT_COMPLETED) X(CLIENT_MESSAGE) X(CLIENT_CLOSED) X(CLIENT_FAILED) X(TIMER) X(PERIODIC)    \
    X(SIGNAL) X(POSTED) X(SERVER_DONE) X(THREAD_START) X(THREAD_STOP) X(CHANNEL_READ)               \
    X(CHANNEL_WRITE)

#define NAME_OF(name) #name,
#define VALUE_OF(name) name,

enum kind { KINDS(VALUE_OF) KIND_COUNT };
static const char *const kind_names[] = { KINDS(NAME_OF) };

/* What is known of a connection. Its user data. */
struct record {
    struct tcp_connection *conn;
    struct yolanda_client *client; /* NULL: the server's */
    int number;                    /* 1 and 2, in the order of their completed callbacks */
    int retained;
    atomic_int closing;            /* closed on its own thread: no message may follow */
    atomic_int closed, destroyed;
};

#define RECORDS 16
#define BLOB (300 * 1000)

static struct {
    enum kind kind;
    int action;
    int threads, closes_other;
    pthread_t main_thread;
    struct event_loop *loop;
    struct TCPserver *server;
    struct yolanda_client *clients[3];
    struct channel *read_channel, *write_channel;
    int pair[2];
    yolanda_timer watch, periodic;
    yolanda_signal signal;
    struct record records[RECORDS];
    atomic_int record_count;
    /* By their numbers: the server's and the clients' connections. */
    _Atomic(struct record *) served[3], connected[3];
    atomic_int acted, acted_done; /* the action has begun, and has returned */
    atomic_int posted, done, failed;
    pthread_t helper;
    int helper_runs;
} world;

/* A condition was violated. */
__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (atomic_fetch_add(&world.failed, 1) < 5) {
        fprintf(stderr, "%s\n", text);
    }
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail("%s:%d: %s", __FILE__, __LINE__, #condition);                                     \
        }                                                                                          \
    } while (0)

/* Ends everything: the program itself can't go on. */
#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s, errno %d\n", __FILE__, __LINE__, #condition, errno);       \
            exit(2);                                                                               \
        }                                                                                          \
    } while (0)

static int on_main_thread(void)
{
    return pthread_equal(pthread_self(), world.main_thread);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In actions.h. */
static void act(struct record *self, struct event_loop *here);

/* A callback is called: the one that the cell is about takes its action, once. `here`: its thread's loop. */
static void happens(enum kind kind, struct record *self, struct event_loop *here)
{
    if (kind == world.kind && !atomic_exchange(&world.acted, 1)) {
        act(self, here);
        atomic_store(&world.acted_done, 1);
    }
}

/* --- connections ------------------------------------------------------------ */

static void on_destroy(void *data)
{
    struct record *record = data;
    CHECK(atomic_fetch_add(&record->destroyed, 1) == 0);
    CHECK(atomic_load(&record->closed) == 1);
    if (record->client == NULL) {
        happens(DESTRUCTOR, NULL, NULL);
    }
}

static struct record *record_of(struct tcp_connection *conn)
{
    struct record *record = yolanda_connection_user_data(conn);
    NEED(record != NULL && record->conn == conn);
    CHECK(atomic_load(&record->closed) == 0);
    CHECK(atomic_load(&record->destroyed) == 0);
    return record;
}

static struct record *new_record(struct tcp_connection *conn, struct yolanda_client *client)
{
    int at = atomic_fetch_add(&world.record_count, 1);
    NEED(at < RECORDS);
    struct record *record = &world.records[at];
    record->conn = conn;
    record->client = client;
    CHECK(yolanda_connection_set_user_data(conn, record, on_destroy) == 0);
    return record;
}

static void number(struct record *record, _Atomic(struct record *) *places)
{
    record->number = atomic_load(&places[1]) == NULL ? 1 : 2;
    /* A connection that another thread may close needs a reference. The first has none if possible, so
     * that its memory is freed as early as possible. */
    if (record->number == 2 || (world.threads > 0 && world.closes_other && world.kind != DESTRUCTOR)) {
        record->retained = 1;
        CHECK(yolanda_connection_retain(record->conn) == record->conn);
    }
    atomic_store(&places[record->number], record);
}

static int on_completed(struct tcp_connection *conn)
{
    struct record *record = new_record(conn, NULL);
    int small = 4096;
    setsockopt(conn->channel->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    number(record, world.served);
    if (record->number == 2) {
        happens(COMPLETED, record, conn->eventLoop);
    }
    return 0;
}

/* 'g': so many bytes that the high mark is passed; 'b': goodbye. */
static int on_message(struct buffer *input, struct tcp_connection *conn)
{
    static char blob[BLOB];
    struct record *record = record_of(conn);
    CHECK(!atomic_load(&record->closing));
    int goes = 0, leaves = 0;
    for (; input->readIndex < input->writeIndex; input->readIndex++) {
        goes |= input->data[input->readIndex] == 'g';
        leaves |= input->data[input->readIndex] == 'b';
    }
    if (goes) {
        tcp_connection_send_data(conn, blob, sizeof blob);
    }
    if (leaves) {
        yolanda_connection_close_after_send(conn, 2000);
    }
    happens(MESSAGE, record, conn->eventLoop);
    return 0;
}

static int on_written(struct tcp_connection *conn)
{
    happens(WRITTEN, record_of(conn), conn->eventLoop);
    return 0;
}

static void on_high(struct tcp_connection *conn, size_t queued)
{
    (void)queued;
    happens(HIGH_MARK, record_of(conn), conn->eventLoop);
}

static void on_low(struct tcp_connection *conn, size_t queued)
{
    (void)queued;
    happens(LOW_MARK, record_of(conn), conn->eventLoop);
}

static int on_closed(struct tcp_connection *conn)
{
    struct record *record = record_of(conn);
    CHECK(atomic_fetch_add(&record->closed, 1) == 0);
    CHECK(yolanda_connection_is_open(conn) == 0);
    happens(CLOSED, record, conn->eventLoop);
    return 0;
}

static int on_client_completed(struct tcp_connection *conn)
{
    struct record *record = new_record(conn, conn->data);
    number(record, world.connected);
    if (record->number == 2) {
        happens(CLIENT_COMPLETED, record, conn->eventLoop);
    }
    return 0;
}

static int on_client_message(struct buffer *input, struct tcp_connection *conn)
{
    struct record *record = record_of(conn);
    CHECK(!atomic_load(&record->closing));
    input->readIndex = input->writeIndex;
    happens(CLIENT_MESSAGE, record, conn->eventLoop);
    return 0;
}

static int on_client_closed(struct tcp_connection *conn)
{
    struct record *record = record_of(conn);
    CHECK(atomic_fetch_add(&record->closed, 1) == 0);
    happens(CLIENT_CLOSED, record, conn->eventLoop);
    return 0;
}

static void on_client_failed(struct yolanda_client *client, int error, void *data)
{
    (void)data, (void)client;
    CHECK(error != 0);
    happens(CLIENT_FAILED, NULL, world.loop);
}

/* --- everything else -------------------------------------------------------- */

static void on_timer(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)timer, (void)data;
    happens(TIMER, NULL, loop);
}

static int periodic_stopped;

static void on_periodic(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    CHECK(timer == world.periodic && !periodic_stopped);
    happens(PERIODIC, NULL, loop);
}

static void on_signal(struct event_loop *loop, int number, void *data)
{
    (void)data;
    CHECK(number == SIGUSR1);
    happens(SIGNAL, NULL, loop);
}

static void on_post(struct event_loop *loop, void *data)
{
    (void)data;
    happens(POSTED, NULL, loop);
}

static void on_done(struct TCPserver *server, void *data)
{
    (void)data;
    CHECK(server == world.server);
    CHECK(yolanda_server_connections(server) == 0);
    CHECK(atomic_fetch_add(&world.done, 1) == 0);
    happens(SERVER_DONE, NULL, world.loop);
}

static void on_thread_start(struct event_loop *loop, void *data)
{
    (void)data;
    happens(THREAD_START, NULL, loop);
}

static void on_thread_stop(struct event_loop *loop, void *data)
{
    (void)data;
    happens(THREAD_STOP, NULL, loop);
}

static int on_readable(void *data)
{
    char byte;
    (void)data;
    NEED(read(world.pair[0], &byte, 1) == 1);
    happens(CHANNEL_READ, NULL, world.loop);
    return 0;
}

static int on_writable(void *data)
{
    (void)data;
    /* Writable for good: one look is enough. */
    channel_write_event_disable(world.write_channel);
    event_loop_update_channel_event(world.loop, world.pair[1], world.write_channel);
    happens(CHANNEL_WRITE, NULL, world.loop);
    return 0;
}

#endif
