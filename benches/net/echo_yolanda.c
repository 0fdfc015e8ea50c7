/* echo_yolanda - an echo server on the library. It uses nothing but the course's API, so it also measures other
 * implementations of that.
 *
 * usage: echo_yolanda PORT [THREADS] [nosigpipe]
 *
 * THREADS: 1, the default, is one event loop for everything; N > 1 adds N loops for the connections.
 * nosigpipe: ignore SIGPIPE, for an implementation that doesn't avoid it. */
#include "yolanda_main.h"

#include <lib/acceptor.h>
#include <lib/tcp_server.h>

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    int size = buffer_readable_size(input);
    tcp_connection_send_data(connection, input->data + input->readIndex, size);
    input->readIndex += size;
    return 0;
}

static void start(struct event_loop *loop, int port, int threads)
{
    struct acceptor *acceptor = acceptor_init(port);
    tcp_server_start(tcp_server_init(loop, acceptor, NULL, on_message, NULL, NULL, threads));
}
