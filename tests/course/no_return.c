/* Callbacks that return nothing, or an arbitrary value. */
#include "course.h"

int onConnectionCompleted(struct tcp_connection *tcpConnection) {
    printf("completed %s\n", tcpConnection->name);
}

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    tcp_connection_send_data(tcpConnection, input->data + input->readIndex, buffer_readable_size(input));
    input->readIndex = input->writeIndex;
    if (input->data[0] == '-')
        return -1;
}

void onWriteCompleted(struct tcp_connection *tcpConnection) {
}

int onConnectionClosed(struct tcp_connection *tcpConnection) {
    return -tcpConnection->channel->fd;
}

int main(int argc, char **argv) {
    serve(argv, onConnectionCompleted, onMessage, onWriteCompleted, onConnectionClosed);
}
