/*
 * A server and a client on the same machine: a socket with a path instead of a port.
 *
 *     ./unix_socket unix:/tmp/yolanda.sock              the server
 *     ./unix_socket unix:/tmp/yolanda.sock hello        a client that sends hello and prints the answer
 *
 * The permissions of the socket file and its folder decide who may connect, and the kernel tells the
 * server which user that is. Over TCP, both would need passwords.
 */
#define _GNU_SOURCE /* struct ucred */
#include "yolanda.h"
#include "example.h"

/* The server. */

/* Answers each line with its sender. An incomplete line stays in the buffer until the rest arrives. */
static int on_line(struct buffer *input, struct tcp_connection *connection)
{
    for (;;) {
        struct ucred peer = {0, 0, 0};
        socklen_t size = sizeof(peer);
        char text[MAXLINE + 128];
        char *line = input->data + input->readIndex;
        int length = buffer_readable_size(input);
        char *end = memchr(line, '\n', (size_t) length);

        if (end == NULL && length < MAXLINE)
            return 0;
        if (end != NULL)
            length = (int) (end - line);
        if (length > MAXLINE)
            length = MAXLINE;

        /* All system calls for sockets work with the connection's descriptor. */
        getsockopt(connection->channel->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
        size = (socklen_t) snprintf(text, sizeof(text), "process %d of user %u says: %.*s\n",
                                    (int) peer.pid, (unsigned) peer.uid, length, line);
        tcp_connection_send_data(connection, text, (int) size);
        input->readIndex += end != NULL ? length + 1 : length;
    }
}

static void serve(struct event_loop *loop, const char *address)
{
    struct TCPserver *server = yolanda_server_new(loop, address, NULL, on_line, NULL, NULL, 0);

    /* A file that a crashed server has left behind is replaced. If a server still listens on it, this fails
     * with EADDRINUSE. */
    if (server == NULL || yolanda_server_start(server) < 0)
        err_sys("%s", address);
    example_announce_address(server);
    event_loop_run(loop);
    yolanda_server_free(server); /* removes the file */
}

/* The client. */

static const char *question;
static int status;

static int on_connected(struct tcp_connection *connection)
{
    tcp_connection_send_data(connection, (void *) question, (int) strlen(question));
    tcp_connection_send_data(connection, "\n", 1);
    tcp_connection_shutdown(connection); /* the end of the stream: the server closes after its answer */
    return 0;
}

static int on_answer(struct buffer *input, struct tcp_connection *connection)
{
    int size = buffer_readable_size(input);

    (void) connection;
    printf("%.*s", size, input->data + input->readIndex);
    input->readIndex += size;
    return 0;
}

static int on_disconnected(struct tcp_connection *connection)
{
    status = yolanda_connection_error(connection) != 0;
    yolanda_loop_quit(connection->eventLoop);
    return 0;
}

static void on_failed(struct yolanda_client *client, int error, void *data)
{
    (void) client;
    errno = error;
    err_ret("can't connect");
    status = 1;
    yolanda_loop_quit(data);
}

static void ask(struct event_loop *loop, const char *address)
{
    struct yolanda_client *client = yolanda_client_new(loop, address, on_connected, on_answer, NULL,
                                                       on_disconnected);

    if (client == NULL || yolanda_client_set_failed_callback(client, on_failed, loop) < 0
        || yolanda_client_start(client) < 0)
        err_sys("%s", address);
    event_loop_run(loop);
    yolanda_client_free(client);
}

int main(int argc, char **argv)
{
    struct event_loop *loop;

    if (argc < 2 || strncmp(argv[1], "unix:", 5) != 0)
        error(1, 0, "usage: %s unix:PATH [TEXT]\n", argv[0]);
    loop = yolanda_loop_new(NULL, NULL);
    if (loop == NULL)
        err_sys("no loop");
    example_stop_on_signals(loop);
    question = argv[2];
    if (question == NULL)
        serve(loop, argv[1]);
    else
        ask(loop, argv[1]);
    yolanda_loop_free(loop);
    return status;
}
