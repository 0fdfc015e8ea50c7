/* Closes descriptors itself, as everybody did who served more than a thousand clients:
 * argv[2] says where. */
#include "course.h"

char *where;

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    tcp_connection_send_buffer(tcpConnection, input);
    if (strcmp(where, "message") == 0)
        close(tcpConnection->channel->fd);
    if (strcmp(where, "shutdown") == 0) {
        tcp_connection_shutdown(tcpConnection);
        close(tcpConnection->channel->fd);
    }
    return 0;
}

int onConnectionClosed(struct tcp_connection *tcpConnection) {
    printf("closed\n");
    if (strcmp(where, "closed") == 0)
        close(tcpConnection->channel->fd);
    if (strcmp(where, "twice") == 0) {
        close(tcpConnection->channel->fd);
        close(tcpConnection->channel->fd);
    }
    return 0;
}

int main(int argc, char **argv) {
    where = argv[2];
    serve(argv, NULL, onMessage, NULL, onConnectionClosed);
}
