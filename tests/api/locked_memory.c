/* Programs that lock their memory (mlockall(2)): pages stay where they are, with what is in them. */
#include "aid.h"

#include "yolanda.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Locks what there is and what comes. Where that isn't allowed, the case ends here. */
static void lock_memory(int flags)
{
    if (mlockall(flags) < 0) {
        NEED(errno == EPERM || errno == ENOMEM);
        _exit(0);
    }
}

static long resident_kilobytes(void)
{
    char line[256];
    long n = -1;
    FILE *file = fopen("/proc/self/status", "r");
    NEED(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "VmRSS: %ld", &n);
    }
    fclose(file);
    return n;
}

static struct event_loop *make_loop(const char *back_end)
{
    struct event_loop *loop = yolanda_loop_new(NULL, back_end);
    NEED(loop != NULL);
    return loop;
}

static void never(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    (void)data;
    CHECK(!"called");
}

/* Tables of loops are taken from where those of earlier ones lay. */
static void loops_with_timers(void)
{
    for (int i = 0; i < 20; i++) {
        struct event_loop *loop = make_loop(i % 2 == 0 ? "poll" : "epoll");
        yolanda_timer timers[200];
        for (int k = 0; k < 200; k++) {
            timers[k] = yolanda_timer_start(loop, 100000 + k, 0, never, loop);
            CHECK(timers[k] != 0);
        }
        int lost = 0;
        for (int k = 0; k < 200; k++) {
            lost += yolanda_timer_stop(loop, timers[k]) < 0;
        }
        CHECK_INT(lost, 0);
        yolanda_loop_run_once(loop, 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
    }
}

CASE(tables_of_later_loops)
{
    lock_memory(MCL_CURRENT | MCL_FUTURE);
    loops_with_timers();
}

CASE(locked_when_the_library_was_in_use_already)
{
    struct event_loop *loop = make_loop(NULL);
    loops_with_timers();
    lock_memory(MCL_CURRENT | MCL_FUTURE);
    loops_with_timers();
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct tcp_connection *_Atomic newcomer;

static int keep(struct tcp_connection *connection)
{
    newcomer = yolanda_connection_retain(connection);
    return 0;
}

static int echo(struct buffer *input, struct tcp_connection *connection)
{
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int visit(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    NEED(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static struct TCPserver *serve(struct event_loop *loop)
{
    struct TCPserver *server = yolanda_server_new(loop, "127.0.0.1:0", keep, echo, NULL, NULL, 0);
    NEED(server != NULL);
    CHECK_INT(yolanda_server_start(server), 0);
    return server;
}

static struct tcp_connection *accepted(struct event_loop *loop)
{
    for (int i = 0; i < 1000 && newcomer == NULL; i++) {
        yolanda_loop_run_once(loop, 100);
    }
    NEED(newcomer != NULL);
    return newcomer;
}

static int posted;

static void on_post(struct event_loop *loop, void *data)
{
    (void)loop;
    (void)data;
    posted++;
}

static void post_there(void *loop)
{
    CHECK_INT(yolanda_loop_post(loop, on_post, NULL), 0);
}

/* Memory with bytes that were sent to a client never becomes a table of a loop. */
CASE(what_clients_were_sent)
{
    static char bytes[1 << 20];
    lock_memory(MCL_CURRENT | MCL_FUTURE);
    yolanda_log_set_level(LOG_ERR_TYPE);
    struct event_loop *loop = make_loop(NULL);
    struct TCPserver *server = serve(loop);
    int client = visit(server->port);
    struct tcp_connection *connection = accepted(loop);
    memset(bytes, 0x2a, sizeof bytes);
    for (int i = 0; i < 16; i++) {
        CHECK(tcp_connection_send_data(connection, bytes, sizeof bytes) >= 0);
    }
    close(client);
    yolanda_connection_release(connection);
    for (int i = 0; i < 4; i++) {
        yolanda_loop_run_once(loop, 1100); /* pages are given back by a loop that is idle for a second */
    }
    for (int i = 0; i < 40; i++) {
        NEED(dup(0) >= 0); /* more descriptors, larger tables */
    }
    struct event_loop *other = make_loop("poll");
    on_thread(post_there, other);
    for (int i = 0; i < 100 && posted == 0; i++) {
        yolanda_loop_run_once(other, 100);
    }
    CHECK_INT(posted, 1);
    loops_with_timers();
    CHECK_INT(yolanda_loop_free(other), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Address space in stock isn't memory: pages come as they are used. */
CASE(only_what_is_used_becomes_memory)
{
    static char bytes[1 << 20];
    if (SANITIZED) {
        return;
    }
    lock_memory(MCL_FUTURE);
    yolanda_log_set_level(LOG_ERR_TYPE);
    long before = resident_kilobytes();
    struct event_loop *loop = make_loop(NULL);
    struct TCPserver *server = serve(loop);
    CHECK(resident_kilobytes() - before < 8 << 10);
    int client = visit(server->port);
    struct tcp_connection *connection = accepted(loop);
    for (int i = 0; i < 30; i++) {
        CHECK(tcp_connection_send_data(connection, bytes, sizeof bytes) >= 0);
    }
    CHECK(resident_kilobytes() - before < 100 << 10);
    yolanda_connection_release(connection);
    close(client);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* A process that may lock only a little: the library's memory then exists, but isn't locked. */
CASE(little_may_be_locked)
{
    struct rlimit little = { 8 << 20, 8 << 20 };
    NEED(setrlimit(RLIMIT_MEMLOCK, &little) == 0);
    NEED(geteuid() != 0 || setuid(65534) == 0);
    lock_memory(MCL_FUTURE);
    yolanda_log_set_level(LOG_ERR_TYPE);
    struct event_loop *loop = make_loop(NULL);
    struct TCPserver *server = serve(loop);
    int client = visit(server->port);
    char bytes[8] = "";
    put(client, "hello");
    while (recv(client, bytes, 5, MSG_PEEK | MSG_DONTWAIT) < 5) {
        NEED(yolanda_loop_run_once(loop, 1000) >= 0);
    }
    CHECK_INT(recv(client, bytes, sizeof bytes, 0), 5);
    CHECK_TEXT(bytes, "hello");
    yolanda_connection_release(accepted(loop));
    close(client);
    CHECK_INT(yolanda_loop_free(loop), 0);
    loops_with_timers();
}
