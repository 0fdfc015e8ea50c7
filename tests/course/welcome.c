/* Sends eight megabytes before the client has said a word, and shuts down at once. */
#include "course.h"

char *text;

int onConnectionCompleted(struct tcp_connection *tcpConnection) {
    tcp_connection_send_data(tcpConnection, text, 8 * 1024 * 1024);
    tcp_connection_shutdown(tcpConnection);
}

int main(int argc, char **argv) {
    text = malloc(8 * 1024 * 1024);
    for (int i = 0; i < 8 * 1024 * 1024; i++)
        text[i] = 'a' + i % 26;
    serve(argv, onConnectionCompleted, NULL, NULL, NULL);
}
