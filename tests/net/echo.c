/* echo THREADS [garbage|data|busy]: sends back what comes.
 * garbage: callbacks return what they like; data: by tcp_connection_send_data;
 * busy: drops it, after work that takes longer than a fast sender needs for the next bytes. */
#include "net.h"

static const char *mode = "";
static int garbage;

static int answer(void) {
    static atomic_int turn;
    static const int values[] = {-1, 1, 42, -2147483647 - 1, 2147483647, 0};
    return garbage ? values[turn++ % 6] : 0;
}

static int on_completed(struct tcp_connection *connection) {
    PROMISE(connection->channel->fd >= 0);
    completed++;
    return answer();
}

static void work(void) {
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 200000);
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    int size = buffer_readable_size(input);
    messages++;
    PROMISE(size > 0);
    PROMISE(input->data[input->writeIndex] == 0);
    if (strcmp(mode, "busy") == 0) {
        work();
        input->readIndex += size;
    } else if (strcmp(mode, "data") == 0) {
        int sent = tcp_connection_send_data(connection, input->data + input->readIndex, size);
        PROMISE(sent >= -1 && sent <= size);
        input->readIndex += size;
    } else {
        tcp_connection_send_buffer(connection, input);
    }
    return answer();
}

static int on_written(struct tcp_connection *connection) {
    (void) connection;
    written++;
    return answer();
}

static int on_closed(struct tcp_connection *connection) {
    (void) connection;
    closed++;
    return answer();
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 0;
    mode = argc > 2 ? argv[2] : "";
    garbage = strcmp(mode, "garbage") == 0;
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    if (strcmp(mode, "busy") == 0) {
        /* Room for more than one read: the next bytes are there when the work is done. */
        int size = 1 << 20;
        setsockopt(acceptor->listen_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_completed, on_message,
                                               on_written, on_closed, threads);
    tcp_server_start(server);
    say_port(acceptor);
    return event_loop_run(loop);
}
