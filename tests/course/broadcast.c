/* Keeps a list of connections, and holds its lock while it sends to all of them. */
#include "course.h"

struct tcp_connection *members[1000];
int count;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int onConnectionCompleted(struct tcp_connection *tcpConnection) {
    pthread_mutex_lock(&lock);
    members[count++] = tcpConnection;
    pthread_mutex_unlock(&lock);
    printf("members %d\n", count);
}

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count; i++)
        tcp_connection_send_data(members[i], input->data + input->readIndex, buffer_readable_size(input));
    pthread_mutex_unlock(&lock);
    input->readIndex = input->writeIndex = 0;
}

int onConnectionClosed(struct tcp_connection *tcpConnection) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count; i++)
        if (members[i] == tcpConnection)
            members[i--] = members[--count];
    pthread_mutex_unlock(&lock);
    printf("members %d\n", count);
}

int main(int argc, char **argv) {
    serve(argv, onConnectionCompleted, onMessage, NULL, onConnectionClosed);
}
