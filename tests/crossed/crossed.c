/* crossed THREADS [CALLBACK [ACTION]] - every kind of callback with every action, one cell after the other,
 * on a server with so many threads. Prints "ok CALLBACK ACTION" or "FAIL CALLBACK ACTION", and before
 * that, on stderr, what was wrong. */
#include "actions.h"

#include <dirent.h>

/* Milliseconds; sanitizers and valgrind are slow. */
#define PATIENCE 40000
/* Passes of the watch in which nothing must happen any more. */
#define QUIET 3

static int64_t deadline;
static int phase, quiet;

static int entries(const char *folder)
{
    int n = 0;
    DIR *directory = opendir(folder);
    NEED(directory != NULL);
    while (readdir(directory) != NULL) {
        n++;
    }
    closedir(directory);
    return n;
}

static void start_client(int which, const char *address)
{
    if (world.clients[which] != NULL) {
        return;
    }
    struct yolanda_client *client =
        yolanda_client_new(world.loop, address, on_client_completed, on_client_message, NULL, on_client_closed);
    NEED(client != NULL);
    world.clients[which] = client;
    CALL(yolanda_client_set_data(client, client), 0);
    CALL(yolanda_client_set_failed_callback(client, on_client_failed, NULL), 0);
    CALL(yolanda_client_start(client), 0);
}

/* Sends a message, followed by so many bytes that the server needs several reads. */
static void say(struct record *record, const char *text)
{
    static char filler[200 * 1000];
    if (record != NULL && !atomic_load(&record->closed)) {
        tcp_connection_send_data(record->conn, (void *)text, (int)strlen(text));
        tcp_connection_send_data(record->conn, filler, sizeof filler);
    }
}

/* Brings the cell's callback about; the connections are made. */
static void provoke(void)
{
    struct record *one = atomic_load(&world.connected[1]), *two = atomic_load(&world.connected[2]);
    /* Both of the server's connections are ready in one pass. */
    say(one, world.kind == CLIENT_CLOSED ? "gb" : "g");
    say(two, "g");
    switch (world.kind) {
    case CLOSED:
    case DESTRUCTOR:
        if (!atomic_load(&one->closed)) {
            CALL(yolanda_connection_close(one->conn), 0);
        }
        break;
    case CLIENT_FAILED:
        start_client(2, "unix:/nobody/listens/here");
        break;
    case TIMER:
        NEED(yolanda_timer_start(world.loop, 1, 0, on_timer, NULL) != 0);
        break;
    case SIGNAL:
        kill(getpid(), SIGUSR1);
        break;
    case POSTED:
        NEED(yolanda_loop_post(world.loop, on_post, NULL) == 0);
        break;
    case SERVER_DONE:
        CALL(yolanda_server_stop(world.server, 5, on_done, NULL), 0);
        break;
    case THREAD_STOP: {
        struct TCPserver *server = world.server;
        world.server = NULL;
        expected.frees_server = 1;
        CALL(yolanda_server_free(server), 0);
        break;
    }
    case CHANNEL_READ:
        NEED(write(world.pair[1], "x", 1) == 1);
        break;
    case CHANNEL_WRITE:
        channel_write_event_enable(world.write_channel);
        event_loop_update_channel_event(world.loop, world.pair[1], world.write_channel);
        break;
    default:
        break;
    }
}

/* Drives the cell and ends it. */
static void on_watch(struct event_loop *loop, yolanda_timer timer, void *data)
{
    char address[128];
    (void)timer, (void)data;
    if (now_ms() > deadline) {
        fail("it takes too long: the action %s, phase %d",
             !atomic_load(&world.acted) ? "wasn't reached"
             : !atomic_load(&world.acted_done) ? "goes on" : "has no end", phase);
        yolanda_loop_quit(loop);
        return;
    }
    if (settled()) {
        if (++quiet > QUIET) {
            yolanda_loop_quit(loop);
        }
        return;
    }
    if (atomic_load(&world.acted) || world.server == NULL) {
        return;
    }
    CALL(yolanda_server_address(world.server, address, sizeof address), 0);
    switch (phase) {
    case 0:
        start_client(0, address);
        phase = 1;
        break;
    case 1:
        if (atomic_load(&world.served[1]) != NULL && atomic_load(&world.connected[1]) != NULL) {
            start_client(1, address);
            phase = 2;
        }
        break;
    case 2:
        if (atomic_load(&world.served[2]) != NULL && atomic_load(&world.connected[2]) != NULL) {
            phase = 3;
            provoke();
        }
        break;
    }
}

static void open_world(const char *dispatcher)
{
    world.main_thread = pthread_self();
    world.loop = yolanda_loop_new("crossed", dispatcher);
    NEED(world.loop != NULL);
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world.pair) == 0);
    world.read_channel = channel_new(world.pair[0], EVENT_READ, on_readable, NULL, NULL);
    world.write_channel = channel_new(world.pair[1], 0, NULL, on_writable, NULL);
    NEED(world.read_channel != NULL && world.write_channel != NULL);
    NEED(event_loop_add_channel_event(world.loop, world.pair[0], world.read_channel) == 0);
    NEED(event_loop_add_channel_event(world.loop, world.pair[1], world.write_channel) == 0);
    world.watch = yolanda_timer_start(world.loop, 1, 1, on_watch, NULL);
    world.periodic = yolanda_timer_start(world.loop, 1, 1, on_periodic, NULL);
    world.signal = yolanda_signal_start(world.loop, SIGUSR1, on_signal, NULL);
    NEED(world.watch != 0 && world.periodic != 0 && world.signal != 0);
    world.server = yolanda_server_new(world.loop, "127.0.0.1:0", on_completed, on_message, on_written,
                                      on_closed, world.threads);
    NEED(world.server != NULL);
    CALL(yolanda_server_set_water_marks(world.server, 1000, 100000, on_low, on_high), 0);
    CALL(yolanda_server_set_timeouts(world.server, 60000, 60000, 60000), 0);
    CALL(yolanda_server_set_thread_hooks(world.server, on_thread_start, on_thread_stop, NULL), 0);
    CALL(yolanda_server_start(world.server), 0);
}

static void release_all(void)
{
    for (int i = 0; i < atomic_load(&world.record_count); i++) {
        struct record *record = &world.records[i];
        if (record->retained) {
            record->retained = 0;
            CALL(yolanda_connection_release(record->conn), 0);
        }
    }
}

/* In one of three ways; the loop frees whatever is left. */
static void close_world(int way)
{
    if (way == 1) {
        for (int i = 0; i < 3; i++) {
            if (world.clients[i] != NULL) {
                CALL(yolanda_client_free(world.clients[i]), 0);
            }
        }
        if (world.server != NULL) {
            struct TCPserver *server = world.server;
            world.server = NULL;
            CALL(yolanda_server_free(server), 0);
        }
    }
    if (way != 0) {
        release_all();
    }
    CALL(yolanda_loop_free(world.loop), 0);
    for (int i = 0; i < atomic_load(&world.record_count); i++) {
        struct record *record = &world.records[i];
        CHECK(atomic_load(&record->closed) == 1);
        CHECK(atomic_load(&record->destroyed) == !record->retained);
        if (record->retained) {
            CALL(yolanda_connection_close(record->conn), ENOTCONN);
            CHECK(tcp_connection_send_data(record->conn, "x", 1) == -1);
            CHECK(yolanda_connection_user_data(record->conn) == record);
        }
    }
    release_all();
    for (int i = 0; i < atomic_load(&world.record_count); i++) {
        CHECK(atomic_load(&world.records[i].destroyed) == 1);
    }
    free(world.read_channel);
    free(world.write_channel);
    close(world.pair[0]);
    close(world.pair[1]);
}

static int cell(enum kind kind, enum action action, const char *dispatcher, int threads)
{
    static int cells;
    int tasks = entries("/proc/self/task");
#ifndef SANITIZER_THREAD /* whose symbolizer is a process at the end of a pipe, started when needed */
    int fds = entries("/proc/self/fd");
#endif
    memset(&world, 0, sizeof world);
    memset(&expected, 0, sizeof expected);
    world.kind = kind;
    world.action = action;
    world.threads = threads;
    world.closes_other = action == CLOSE_OTHER;
    phase = quiet = periodic_stopped = 0;
    deadline = now_ms() + PATIENCE;
    open_world(dispatcher);
    CHECK(event_loop_run(world.loop) == 0);
    CHECK(atomic_load(&world.acted_done) || expected.quits);
    if (world.helper_runs) {
        pthread_join(world.helper, NULL);
    }
    close_world(cells++ % 3);
#ifndef SANITIZER_THREAD
    CHECK(entries("/proc/self/fd") == fds);
#endif
    /* A thread that was joined may be listed for a moment. */
    for (int i = 0; i < 1000 && entries("/proc/self/task") != tasks; i++) {
        usleep(1000);
    }
    CHECK(entries("/proc/self/task") == tasks);
    int good = atomic_load(&world.failed) == 0;
    printf("%s %s %s\n", good ? "ok" : "FAIL", kind_names[kind], action_names[action]);
    fflush(stdout);
    return good;
}

static void *no_work(void *data)
{
    return data;
}

int main(int argc, char **argv)
{
    NEED(argc >= 2 && argc <= 4);
    int threads = atoi(argv[1]), good = 1;
    const char *dispatcher = getenv("YOLANDA_DISPATCHER");
    signal(SIGPIPE, SIG_IGN);
    /* With the first thread a sanitizer starts one of its own. */
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, no_work, NULL) == 0 && pthread_join(thread, NULL) == 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (int action = 0; action < ACTION_COUNT; action++) {
            if (applies(kind, action) && (argc < 3 || strcmp(argv[2], kind_names[kind]) == 0) &&
                (argc < 4 || strcmp(argv[3], action_names[action]) == 0)) {
                good &= cell(kind, action, dispatcher, threads);
            }
        }
    }
    return !good;
}
