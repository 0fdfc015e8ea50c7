/* actions.h - what a callback may do, each with what has to come of it. */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "world.h"

#define ACTIONS(X)                                                                                  \
    X(NOTHING) X(CLOSE_SELF) X(CLOSE_SELF_AND_TURN) X(END_SELF) X(PAUSE_SELF) X(CLOSE_OTHER)        \
    X(STOP_SERVER) X(FREE_SERVER) X(FREE_SERVER_LATER) X(QUIT) X(TURN) X(STOP_TIMER)                \
    X(RESTART_TIMER) X(STOP_TIMER_LATER) X(STOP_SIGNAL) X(REMOVE_CHANNELS) X(STOP_CLIENT)           \
    X(FREE_CLIENT) X(FREE_CLIENT_LATER) X(RELEASE_LATER) X(RELEASE_ELSEWHERE) X(FREE_LOOP)          \
    X(FREE_OWN_LOOP) X(FREE_LOOP_LATER)

enum action { ACTIONS(VALUE_OF) ACTION_COUNT };
static const char *const action_names[] = { ACTIONS(NAME_OF) };

/* What the action brought about, and the cell waits for. */
static struct {
    struct record *closes;
    int stops, frees_server, posts, quits;
} expected;

/* Of a call: 0, or -1 with this errno. */
static void check_call(const char *what, int result, int wanted)
{
    if (wanted == 0 ? result != 0 : result != -1 || errno != wanted) {
        fail("%s: result %d, errno %d, not %d", what, result, errno, wanted);
    }
}

#define CALL(call, wanted)                                                                         \
    do {                                                                                           \
        errno = 0;                                                                                 \
        int call_result = (call);                                                                  \
        check_call(#call, call_result, (wanted));                                                  \
    } while (0)

/* Servers, clients and timers are for the loop's thread. */
static int eperm_elsewhere(void)
{
    return on_main_thread() ? 0 : EPERM;
}

static int is_closed_callback(void)
{
    return world.kind == CLOSED || world.kind == CLIENT_CLOSED;
}

static void close_it(struct record *record)
{
    errno = 0;
    int result = yolanda_connection_close(record->conn);
    /* Its thread may have begun to close it, or its peer. */
    CHECK(result == 0 || (result == -1 && errno == ENOTCONN));
    expected.closes = record;
}

static void close_self(struct record *self)
{
    if (is_closed_callback()) {
        CALL(yolanda_connection_close(self->conn), ENOTCONN);
        return;
    }
    /* On its own thread, or in the completed callback: what comes next is the closed callback. */
    atomic_store(&self->closing, 1);
    CALL(yolanda_connection_close(self->conn), 0);
    CALL(yolanda_connection_close(self->conn), ENOTCONN);
    CHECK(tcp_connection_send_data(self->conn, "x", 1) == -1);
    CHECK(yolanda_connection_is_open(self->conn) == 0);
    expected.closes = self;
}

static struct record *other_than(struct record *self)
{
    if (self == NULL) {
        return atomic_load(&world.served[2]);
    }
    _Atomic(struct record *) *places = self->client == NULL ? world.served : world.connected;
    return atomic_load(&places[3 - self->number]);
}

static void free_server(int wanted)
{
    struct TCPserver *server = world.server;
    if (wanted == 0) {
        world.server = NULL;
        expected.frees_server = 1;
    }
    CALL(yolanda_server_free(server), wanted);
}

/* The client that the callback is about, or the first. */
static int client_of(struct record *self)
{
    if (world.kind == CLIENT_FAILED) {
        return 2;
    }
    return self != NULL && self->client == world.clients[1] ? 1 : 0;
}

static void free_client(int which)
{
    struct yolanda_client *client = world.clients[which];
    if (on_main_thread()) {
        world.clients[which] = NULL;
    }
    CALL(yolanda_client_free(client), eperm_elsewhere());
}

static void later_free_server(struct event_loop *loop, void *data)
{
    (void)loop, (void)data;
    free_server(0);
    atomic_store(&world.posted, 1);
}

static void later_free_client(struct event_loop *loop, void *data)
{
    (void)loop;
    free_client((int)(intptr_t)data);
    atomic_store(&world.posted, 1);
}

static void later_stop_timer(struct event_loop *loop, void *data)
{
    (void)data;
    CALL(yolanda_timer_stop(loop, world.periodic), 0);
    periodic_stopped = 1;
    atomic_store(&world.posted, 1);
}

static void later_release(struct event_loop *loop, void *data)
{
    (void)loop;
    CALL(yolanda_connection_release(data), 0);
    atomic_store(&world.posted, 1);
}

static void later_free_loop(struct event_loop *loop, void *data)
{
    (void)data;
    CALL(yolanda_loop_free(loop), EBUSY);
    atomic_store(&world.posted, 1);
}

static void post(yolanda_loop_callback callback, void *data)
{
    CALL(yolanda_loop_post(world.loop, callback, data), 0);
    expected.posts = 1;
}

static void *release_here(void *data)
{
    CALL(yolanda_connection_release(data), 0);
    return NULL;
}

/* Whether the callback can do that at all. */
static int applies(enum kind kind, enum action action)
{
    int of_connection = kind <= LOW_MARK || (kind >= CLIENT_COMPLETED && kind <= CLIENT_CLOSED);
    switch (action) {
    case CLOSE_SELF:
    case CLOSE_SELF_AND_TURN:
    case END_SELF:
    case PAUSE_SELF:
    case RELEASE_LATER:
    case RELEASE_ELSEWHERE:
        return of_connection;
    case CLOSE_OTHER:
        return kind != THREAD_START && kind != THREAD_STOP && kind != SERVER_DONE;
    case STOP_SERVER:
    case FREE_SERVER:
        /* The hooks mustn't. */
        return kind != THREAD_START && kind != THREAD_STOP;
    case FREE_SERVER_LATER:
        return kind != THREAD_STOP;
    case STOP_CLIENT:
    case FREE_CLIENT:
    case FREE_CLIENT_LATER:
        return kind != THREAD_START; /* there are none yet */
    default:
        return 1;
    }
}

static void act(struct record *self, struct event_loop *here)
{
    int main = on_main_thread();
    /* Whether this is the thread of that loop. */
    int owner = here == NULL || here == world.loop ? main : !main;
    switch (world.action) {
    case NOTHING:
        break;
    case CLOSE_SELF:
        close_self(self);
        break;
    case CLOSE_SELF_AND_TURN:
        close_self(self);
        CHECK(yolanda_loop_run_once(here, 0) >= 0 || !owner);
        break;
    case END_SELF:
        CALL(yolanda_connection_close_after_send(self->conn, 5), is_closed_callback() ? ENOTCONN : 0);
        expected.closes = self;
        break;
    case PAUSE_SELF:
        CALL(yolanda_connection_pause(self->conn), is_closed_callback() ? ENOTCONN : 0);
        break;
    case CLOSE_OTHER:
        if (other_than(self) != NULL) {
            close_it(other_than(self));
        }
        break;
    case STOP_SERVER:
        CALL(yolanda_server_stop(world.server, 5, on_done, NULL),
             !main ? EPERM : world.kind == SERVER_DONE ? ESHUTDOWN : 0);
        expected.stops = main;
        break;
    case FREE_SERVER:
        free_server(eperm_elsewhere());
        break;
    case FREE_SERVER_LATER:
        post(later_free_server, NULL);
        break;
    case QUIT:
        expected.quits = 1;
        CALL(yolanda_loop_quit(world.loop), 0);
        break;
    case TURN:
        CHECK(yolanda_loop_run_once(here == NULL ? world.loop : here, 0) >= 0 || !owner);
        break;
    case STOP_TIMER:
        if (main) {
            periodic_stopped = 1;
        }
        CALL(yolanda_timer_stop(world.loop, world.periodic), eperm_elsewhere());
        break;
    case RESTART_TIMER:
        CALL(yolanda_timer_restart(world.loop, world.periodic, 0, 2), eperm_elsewhere());
        break;
    case STOP_TIMER_LATER:
        post(later_stop_timer, NULL);
        break;
    case STOP_SIGNAL:
        CALL(yolanda_signal_stop(world.loop, world.signal), eperm_elsewhere());
        break;
    case REMOVE_CHANNELS:
        event_loop_remove_channel_event(world.loop, world.pair[0], world.read_channel);
        event_loop_remove_channel_event(world.loop, world.pair[1], world.write_channel);
        break;
    case STOP_CLIENT: {
        int result = yolanda_client_stop(world.clients[client_of(self)]);
        /* It may have ended by itself. */
        CHECK(result == 0 || (result == -1 && errno == (main ? EALREADY : EPERM)));
        break;
    }
    case FREE_CLIENT:
        free_client(client_of(self));
        break;
    case FREE_CLIENT_LATER:
        post(later_free_client, (void *)(intptr_t)client_of(self));
        break;
    case RELEASE_LATER:
        CHECK(yolanda_connection_retain(self->conn) == self->conn);
        post(later_release, self->conn);
        break;
    case RELEASE_ELSEWHERE:
        CHECK(yolanda_connection_retain(self->conn) == self->conn);
        NEED(pthread_create(&world.helper, NULL, release_here, self->conn) == 0);
        world.helper_runs = 1;
        break;
    case FREE_LOOP:
        CALL(yolanda_loop_free(world.loop), main ? EBUSY : EPERM);
        break;
    case FREE_OWN_LOOP:
        if (here != NULL) {
            CALL(yolanda_loop_free(here), owner ? EBUSY : EPERM);
        }
        break;
    case FREE_LOOP_LATER:
        post(later_free_loop, NULL);
        break;
    }
}

/* Whether what the action began has ended. */
static int settled(void)
{
    if (!atomic_load(&world.acted_done)) {
        return 0;
    }
    if (expected.closes != NULL && !atomic_load(&expected.closes->closed)) {
        return 0;
    }
    if (expected.frees_server) {
        for (int i = 0; i < atomic_load(&world.record_count); i++) {
            struct record *record = &world.records[i];
            if (record->client == NULL && !atomic_load(&record->closed)) {
                return 0;
            }
        }
    }
    return (!expected.stops || atomic_load(&world.done)) &&
           (!expected.posts || atomic_load(&world.posted)) && !expected.quits;
}

#endif
