/* Puts a block of its own into the input buffer, larger than what was there. */
#include "course.h"

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    int size = buffer_readable_size(input);
    char *bytes = input->data + input->readIndex;
    if (size > 0 && bytes[size - 1] == '\n') {
        tcp_connection_send_buffer(tcpConnection, input);
        return 0;
    }
    char *block = malloc(size + 100000);
    memcpy(block, bytes, size);
    input->data = block;
    input->readIndex = 0;
    input->writeIndex = size;
    input->total_size = size + 100000;
    return 0;
}

int main(int argc, char **argv) {
    serve(argv, NULL, onMessage, NULL, NULL);
}
