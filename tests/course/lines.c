/* Waits until a whole line is there, and leaves the rest in the input buffer. */
#include "course.h"

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    char *crlf;
    while ((crlf = buffer_find_CRLF(input)) != NULL) {
        char *line = input->data + input->readIndex;
        char answer[2000];
        *crlf = '\0';
        sprintf(answer, "<%s>\r\n", line);
        tcp_connection_send_data(tcpConnection, answer, strlen(answer));
        input->readIndex += crlf + 2 - line;
    }
    return 0;
}

int main(int argc, char **argv) {
    serve(argv, NULL, onMessage, NULL, NULL);
}
