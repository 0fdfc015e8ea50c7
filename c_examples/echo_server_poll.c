/*
 * The rot13 echo server on poll(2) instead of epoll(7).
 *
 * A loop calls the functions of its event_dispatcher to learn which descriptors are ready. With another
 * struct, the same server runs on another system call.
 * (Shorter: yolanda_loop_new(NULL, "poll"). Without a line of code: YOLANDA_DISPATCHER=poll ./echo_server)
 */
#include "lib/acceptor.h"
#include "lib/tcp_server.h"
#include "example.h"

static void use_poll(struct event_loop *loop)
{
    /* Free epoll's data for this loop, and let poll make its own. The loop adds its channels to the new
     * back end by itself. */
    loop->eventDispatcher->clear(loop);
    loop->eventDispatcher = &poll_dispatcher;
    loop->event_dispatcher_data = poll_dispatcher.init(loop);
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    char *bytes = input->data + input->readIndex;
    int size = buffer_readable_size(input);

    for (int i = 0; i < size; i++)
        bytes[i] = rot13_char(bytes[i]);
    tcp_connection_send_data(connection, bytes, size);
    input->readIndex += size;
    return 0;
}

int main(int argc, char **argv)
{
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(example_port(argc, argv));
    struct TCPserver *server = tcp_server_init(loop, acceptor, NULL, on_message, NULL, NULL, 0);

    use_poll(loop);
    example_stop_on_signals(loop);
    tcp_server_start(server);
    printf("this loop runs on %s\n", loop->eventDispatcher->name);
    example_announce(acceptor->listen_port);
    event_loop_run(loop);
    yolanda_loop_free(loop);
    free(acceptor);
    return 0;
}
