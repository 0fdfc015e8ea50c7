/*
 * The smallest server: one thread, one event loop, any number of clients.
 * It sends back in rot13 what a client sends.
 *
 *     ./echo_server        then, elsewhere:        nc localhost 43211
 */
#include "lib/acceptor.h"
#include "lib/tcp_server.h"
#include "example.h"

static int on_connection_completed(struct tcp_connection *connection)
{
    printf("connection completed: %s\n", connection->name);
    return 0;
}

/* Called whenever bytes have arrived. TCP keeps no message boundaries: this may be a part of what
 * the client wrote at once, or several of its writes together. For an echo, that doesn't matter. */
static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    struct buffer *output = buffer_new();

    while (buffer_readable_size(input) > 0)
        buffer_append_char(output, rot13_char(buffer_read_char(input)));

    /* Never blocks: data that the socket doesn't accept is copied and sent later.
     * So the buffer can be reused or freed at once. */
    tcp_connection_send_buffer(connection, output);
    buffer_free(output);
    return 0;
}

/* Called only after a send that the socket couldn't accept whole: the rest has been sent, too. */
static int on_write_completed(struct tcp_connection *connection)
{
    printf("write completed: %s\n", connection->name);
    return 0;
}

/* Don't use the pointer after this: the connection is freed when this returns. */
static int on_connection_closed(struct tcp_connection *connection)
{
    printf("connection closed: %s\n", connection->name);
    return 0;
}

int main(int argc, char **argv)
{
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(example_port(argc, argv));
    /* No worker threads: this loop accepts and serves. */
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_connection_completed, on_message,
                                               on_write_completed, on_connection_closed, 0);

    example_stop_on_signals(loop);
    tcp_server_start(server);
    example_announce(acceptor->listen_port);
    event_loop_run(loop);

    /* Also frees the server, and closes its connections. The acceptor belongs to the program. */
    yolanda_loop_free(loop);
    free(acceptor);
    return 0;
}
