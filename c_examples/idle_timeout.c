/*
 * The rot13 echo server with a time limit: it disconnects clients that send nothing for a while.
 *
 *     ./idle_timeout [ADDRESS [SECONDS]]        default: localhost:43211, 30 seconds
 *
 * A client whose machine loses its power or its network doesn't close its connection. TCP notices that
 * only when it has something to send. So a server that just waits for the next message keeps a
 * descriptor for each such client, until it has none left.
 */
#include "yolanda.h"
#include "example.h"

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

/* An idle connection is closed like any other; only the error shows the reason. */
static int on_connection_closed(struct tcp_connection *connection)
{
    if (yolanda_connection_error(connection) == ETIMEDOUT)
        printf("%s was silent for too long\n", connection->name);
    else
        printf("%s has left\n", connection->name);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t idle_ms = argc > 2 ? example_milliseconds(argv[2]) : 30000;
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    struct TCPserver *server = yolanda_server_new(loop, example_address(argc, argv), NULL, on_message,
                                                  NULL, on_connection_closed, 0);

    if (server == NULL)
        err_sys("%s", example_address(argc, argv));
    /* A client is idle if it neither sends nor reads. A client that reads a long answer slowly isn't idle.
     * The other two limits, which are off here, are for one direction each. */
    yolanda_server_set_timeouts(server, idle_ms, 0, 0);

    example_stop_on_signals(loop);
    if (yolanda_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server);
    event_loop_run(loop);
    yolanda_loop_free(loop); /* with the server and its connections */
    return 0;
}
