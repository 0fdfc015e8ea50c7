/*
 * The rot13 echo server on several threads: the main thread accepts, and hands the connections
 * to its workers in turn.
 *
 *     ./echo_server_threads [PORT [THREADS]]
 *
 * A connection always stays with the same worker. So its buffers need no lock; only data that
 * connections share does.
 */
#include <stdatomic.h>

#include "lib/acceptor.h"
#include "lib/tcp_server.h"
#include "example.h"

/* Atomic, because the accepting thread increments it and the workers decrement it. */
static atomic_int open_connections;

static int on_connection_completed(struct tcp_connection *connection)
{
    int open = atomic_fetch_add(&open_connections, 1) + 1;

    printf("%s completed, %d open\n", connection->name, open);
    return 0;
}

/* Changes the bytes in place and sends them from there: no second buffer is needed. */
static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    char *bytes = input->data + input->readIndex;
    int size = buffer_readable_size(input);

    printf("%d bytes from %s on %s\n", size, connection->name, connection->eventLoop->thread_name);
    for (int i = 0; i < size; i++)
        bytes[i] = rot13_char(bytes[i]);
    tcp_connection_send_data(connection, bytes, size);

    /* Consumed: without this line, the next call would see the same bytes again. */
    input->readIndex += size;
    return 0;
}

static int on_connection_closed(struct tcp_connection *connection)
{
    int open = atomic_fetch_sub(&open_connections, 1) - 1;

    printf("%s closed, %d open\n", connection->name, open);
    return 0;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 2;
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(example_port(argc, argv));
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_connection_completed, on_message,
                                               NULL, on_connection_closed, threads);

    example_stop_on_signals(loop);
    tcp_server_start(server);
    example_announce(acceptor->listen_port);
    event_loop_run(loop);
    /* Each worker runs its own loop. This call also ends those and joins the threads. */
    yolanda_loop_free(loop);
    free(acceptor);
    return 0;
}
