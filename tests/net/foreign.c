/* foreign THREADS MODE: sends from threads that don't own the connection.
 *   messages    8 threads send 1,000 messages each, then the last one shuts down
 *   flood       a thread sends 1 MiB blocks until it is refused
 *   gone        threads go on sending while the peer may go at any time, until the closed callback */
#include "net.h"

enum { THREADS = 8, MESSAGES = 1000 };

struct job {
    struct tcp_connection *connection;
    int number;
    pthread_t thread;
    atomic_int *stop;
};

struct state {
    struct job jobs[THREADS];
    int count;
    atomic_int left;
    atomic_int stop;
};

static const char *mode;

static void *send_messages(void *data) {
    struct job *job = data;
    struct state *state = job->connection->data;
    for (int i = 0; i < MESSAGES; i++) {
        char text[64];
        int size = snprintf(text, sizeof text, "%d %d\n", job->number, i);
        PROMISE(tcp_connection_send_data(job->connection, text, size) == 0);
        memset(text, '!', sizeof text);
    }
    if (--state->left == 0)
        tcp_connection_shutdown(job->connection);
    return NULL;
}

static void *flood(void *data) {
    struct job *job = data;
    int size = 1 << 20, taken = 0;
    char *block = calloc(1, size);
    int sent;
    errno = 0;
    while ((sent = tcp_connection_send_data(job->connection, block, size)) == 0 && taken < 1000)
        taken++;
    say("refused after %d with %d %d", taken, sent, errno);
    free(block);
    return NULL;
}

static void *send_until_told(void *data) {
    struct job *job = data;
    while (!*job->stop) {
        tcp_connection_send_data(job->connection, "something\n", 10);
        /* Not faster than the loop can send. */
        usleep(20);
    }
    return NULL;
}

static void start(struct tcp_connection *connection, int count, void *(*body)(void *)) {
    struct state *state = connection->data;
    state->count = count;
    state->left = count;
    for (int i = 0; i < count; i++) {
        struct job *job = &state->jobs[i];
        job->connection = connection;
        job->number = i;
        job->stop = &state->stop;
        PROMISE(pthread_create(&job->thread, NULL, body, job) == 0);
    }
}

static int on_completed(struct tcp_connection *connection) {
    connection->data = calloc(1, sizeof(struct state));
    completed++;
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    struct state *state = connection->data;
    messages++;
    if (input->data[input->readIndex] != 'g' || state->count) {
        tcp_connection_send_buffer(connection, input);
        return 0;
    }
    input->readIndex = input->writeIndex;
    if (strcmp(mode, "messages") == 0)
        start(connection, THREADS, send_messages);
    else if (strcmp(mode, "flood") == 0)
        start(connection, 1, flood);
    else
        start(connection, 4, send_until_told);
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    struct state *state = connection->data;
    state->stop = 1;
    for (int i = 0; i < state->count; i++)
        pthread_join(state->jobs[i].thread, NULL);
    free(state);
    closed++;
    say("%d closed", connection->channel->fd);
    return 0;
}

int main(int argc, char **argv) {
    mode = argv[argc - 1];
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed,
                                     atoi(argv[1])));
    say_port(acceptor);
    return event_loop_run(loop);
}
