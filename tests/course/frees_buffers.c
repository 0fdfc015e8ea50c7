/* Frees buffers that aren't its own. */
#include "course.h"

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    tcp_connection_send_buffer(tcpConnection, input);
    buffer_free(input);
    buffer_free(tcpConnection->output_buffer);
}

int main(int argc, char **argv) {
    serve(argv, NULL, onMessage, NULL, NULL);
}
