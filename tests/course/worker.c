/* A thread of its own answers each message, and shuts the connection down. */
#include "course.h"

struct job {
    struct tcp_connection *tcpConnection;
    char text[100];
};

void *work(void *arg) {
    struct job *job = arg;
    char answer[200];
    sprintf(answer, "worked on %s", job->text);
    for (int i = 0; i < strlen(answer); i++)
        tcp_connection_send_data(job->tcpConnection, &answer[i], 1);
    tcp_connection_shutdown(job->tcpConnection);
    free(job);
}

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    pthread_t tid;
    struct job *job = malloc(sizeof(struct job));
    job->tcpConnection = tcpConnection;
    int n = 0;
    while (buffer_readable_size(input) > 0)
        job->text[n++] = buffer_read_char(input);
    job->text[n] = 0;
    pthread_create(&tid, NULL, work, job);
    pthread_detach(tid);
}

int main(int argc, char **argv) {
    serve(argv, NULL, onMessage, NULL, NULL);
}
