/* Takes the fields of a connection for things of its own, and frees them itself. */
#include "course.h"

int onConnectionCompleted(struct tcp_connection *tcpConnection) {
    tcpConnection->data = strdup("data");
    tcpConnection->request = strdup("request");
    tcpConnection->response = strdup("response");
}

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    char answer[100];
    sprintf(answer, "%s %s %s\n", (char *) tcpConnection->data, (char *) tcpConnection->request,
            (char *) tcpConnection->response);
    input->readIndex = input->writeIndex;
    tcp_connection_send_data(tcpConnection, answer, strlen(answer));
}

int onConnectionClosed(struct tcp_connection *tcpConnection) {
    printf("freed %s %s\n", (char *) tcpConnection->data, tcpConnection->name);
    free(tcpConnection->data);
    free(tcpConnection->request);
    free(tcpConnection->response);
}

int main(int argc, char **argv) {
    serve(argv, onConnectionCompleted, onMessage, NULL, onConnectionClosed);
}
