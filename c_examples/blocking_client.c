/*
 * A client without an event loop: sends each line of its input to blocking_server, and prints
 * what comes back.
 *
 *     ./blocking_client [PORT [HOST]]
 */
#include <stddef.h>

#include "example.h"
#include "message.h"

/* read returns what has arrived, even a single byte; readn continues until it has all bytes. */
static void receive(int fd, struct message *message)
{
    size_t length;

    if (readn(fd, message, MESSAGE_HEAD) != MESSAGE_HEAD)
        err_quit("the server has gone");
    length = ntohl(message->length);
    /* Don't trust a size from the network: check it before use. */
    if (length > sizeof(message->body))
        err_quit("an answer of %zu bytes doesn't fit", length);
    if (readn(fd, message->body, length) != length)
        err_quit("the answer ends in the middle");
}

int main(int argc, char **argv)
{
    int port = example_port(argc, argv);
    int fd = tcp_client(argc > 2 ? argv[2] : "127.0.0.1", port);
    struct message message;

    while (fgets(message.body, sizeof(message.body), stdin) != NULL) {
        if (message_send(fd, &message, strlen(message.body)) < 0)
            err_sys("send");
        receive(fd, &message);
        fwrite(message.body, 1, ntohl(message.length), stdout);
        fflush(stdout);
    }
    close(fd);
    return 0;
}
