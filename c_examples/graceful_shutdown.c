/*
 * A server that stops gracefully: clients first get all of their answers.
 *
 *     ./graceful_shutdown [ADDRESS [SECONDS]]        default: localhost:43211, 10 seconds
 *
 * The server answers each line with 4 MiB of text, which a slow client takes a while to read:
 *
 *     (echo; sleep 60) | nc localhost 43211 | less
 *
 * Ctrl-C or kill stops the server, but not at once: it stops accepting, closes connections with nothing
 * queued, and sends the others what is queued, for at most SECONDS. A second Ctrl-C ends it at once.
 */
#include "yolanda.h"
#include "example.h"

static char answer[4 << 20];

/* What a signal handler of the loop needs. */
struct service {
    struct TCPserver *server;
    int64_t deadline_ms;
};

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    while (buffer_readable_size(input) > 0)
        if (buffer_read_char(input) == '\n')
            tcp_connection_send_data(connection, answer, sizeof(answer));
    return 0;
}

/* The error says why a connection was closed; 0 means that both sides ended it in order. */
static int on_connection_closed(struct tcp_connection *connection)
{
    int error = yolanda_connection_error(connection);

    printf("%s closed: %s\n", connection->name,
           error == 0 ? "all was sent" : error == ESHUTDOWN ? "cut short" : strerror(error));
    fflush(stdout);
    return 0;
}

static void on_stopped(struct TCPserver *server, void *data)
{
    (void) data;
    printf("the server has stopped\n");
    yolanda_loop_quit(server->eventLoop);
}

/* A handler of sigaction(2) may call very little. This one may call everything, because the loop calls
 * it on its own thread after the signal. */
static void on_signal(struct event_loop *loop, int signal_number, void *data)
{
    struct service *service = data;

    (void) signal_number;
    if (yolanda_server_stop(service->server, service->deadline_ms, on_stopped, NULL) == 0) {
        printf("stopping, %lld connections are open\n",
               (long long) yolanda_server_connections(service->server));
        fflush(stdout);
    } else {
        yolanda_loop_quit(loop); /* EALREADY: the second signal */
    }
}

static void write_answer(void)
{
    static const char digits[] = "0123456789\n";

    for (size_t i = 0; i < sizeof(answer); i++)
        answer[i] = digits[i % (sizeof(digits) - 1)];
}

int main(int argc, char **argv)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct service service = {NULL, 10000};

    if (argc > 2)
        service.deadline_ms = example_milliseconds(argv[2]);
    service.server = yolanda_server_new(loop, example_address(argc, argv), NULL, on_message, NULL,
                                        on_connection_closed, 0);
    if (service.server == NULL)
        err_sys("%s", example_address(argc, argv));
    write_answer();

    if (yolanda_signal_start(loop, SIGINT, on_signal, &service) == 0
        || yolanda_signal_start(loop, SIGTERM, on_signal, &service) == 0
        || yolanda_server_start(service.server) < 0)
        err_sys("can't start");
    example_announce_address(service.server);
    event_loop_run(loop);

    /* With the server and the signal watchers; after a second signal, also with connections. */
    yolanda_loop_free(loop);
    return 0;
}
