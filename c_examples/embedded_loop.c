/*
 * A loop inside another loop. Toolkits, interpreters and games have their own loop, which needs its
 * thread. Here, that loop is poll(2); it works in the same way with glib, Qt or libuv.
 *
 *     ./embedded_loop [ADDRESS [SECONDS]]        default: localhost:43211, 1 second
 *
 * The yolanda loop serves a clock: it sends each client a tick every SECONDS. The program itself reads
 * its standard input: for each line it prints statistics, and at the end of the input it ends.
 */
#include "yolanda.h"
#include "example.h"

static int is_running = 1;
static int64_t period_ms = 1000;

/* One per connection. */
struct listener {
    struct tcp_connection *connection;
    yolanda_timer timer;
    int ticks;
};

static void on_tick(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct listener *listener = data;
    char text[32];
    int size = snprintf(text, sizeof(text), "tick %d\n", ++listener->ticks);

    (void) loop;
    (void) timer;
    tcp_connection_send_data(listener->connection, text, size);
}

static int on_connection_completed(struct tcp_connection *connection)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (listener == NULL || yolanda_connection_set_user_data(connection, listener, free) < 0) {
        free(listener);
        yolanda_connection_close(connection);
        return 0;
    }
    listener->connection = connection;
    listener->timer = yolanda_timer_start(connection->eventLoop, period_ms, period_ms, on_tick,
                                          listener);
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    (void) connection;
    input->readIndex += buffer_readable_size(input); /* a clock ignores its input */
    return 0;
}

/* The listener is freed with the connection, so stop its timer first. */
static int on_connection_closed(struct tcp_connection *connection)
{
    struct listener *listener = yolanda_connection_user_data(connection);

    if (listener != NULL)
        yolanda_timer_stop(connection->eventLoop, listener->timer);
    return 0;
}

/* Called from yolanda_loop_run_once, so the program's own loop checks the flag right after. */
static void on_signal(struct event_loop *loop, int signal_number, void *data)
{
    (void) loop;
    (void) signal_number;
    (void) data;
    is_running = 0;
}

static void on_command(struct event_loop *loop)
{
    struct yolanda_loop_stats stats;
    char text[MAXLINE];

    if (read(STDIN_FILENO, text, sizeof(text)) <= 0) {
        is_running = 0;
    } else if (yolanda_loop_get_stats(loop, &stats, sizeof(stats)) == 0) {
        printf("%llu clients, %llu timers, %llu bytes sent\n", (unsigned long long) stats.connections,
               (unsigned long long) stats.timers, (unsigned long long) stats.bytes_written);
        fflush(stdout);
    }
}

/* The program's loop. It waits for the yolanda loop through one descriptor and poll's timeout. Get both
 * again each time. */
static void run(struct event_loop *loop)
{
    struct pollfd ready[2] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = yolanda_loop_fd(loop), .events = POLLIN},
    };

    if (ready[1].fd < 0)
        err_sys("this loop can't be embedded");
    while (is_running) {
        int64_t limit = yolanda_loop_timeout(loop);

        /* A signal ends poll with EINTR; the loop below knows which one it was. */
        if (poll(ready, 2, limit > 1000000 ? 1000000 : (int) limit) < 0) {
            if (errno != EINTR)
                err_sys("poll");
            ready[0].revents = 0;
        }
        if (ready[0].revents != 0)
            on_command(loop);
        /* Doesn't wait, because the limit is 0. It is cheap, so call it in any case. */
        yolanda_loop_run_once(loop, 0);
    }
}

int main(int argc, char **argv)
{
    struct event_loop *loop;
    struct TCPserver *server;

    if (argc > 2)
        period_ms = example_milliseconds(argv[2]);
    loop = yolanda_loop_new("embedded", NULL);
    server = yolanda_server_new(loop, example_address(argc, argv), on_connection_completed, on_message,
                                NULL, on_connection_closed, 0);
    if (server == NULL)
        err_sys("%s", example_address(argc, argv));
    if (yolanda_signal_start(loop, SIGINT, on_signal, NULL) == 0
        || yolanda_signal_start(loop, SIGTERM, on_signal, NULL) == 0
        || yolanda_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server);
    run(loop);
    yolanda_loop_free(loop);
    return 0;
}
