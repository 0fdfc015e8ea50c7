/* push THREADS: each connection is told by lines what to do.
 *   send N      sends the next N bytes of the pattern in one call
 *   flood N     sends N bytes again and again until a send fails
 *   buffer N    sends N bytes with tcp_connection_send_buffer
 *   shutdown    tcp_connection_shutdown
 * Results go to stderr: "FD sent RETURNED ERRNO queued BYTES",
 * for a buffer "FD buffer RETURNED ERRNO left BYTES". */
#include <malloc.h>
#include "net.h"

struct state {
    size_t position;
    int depth;
};

static int on_completed(struct tcp_connection *connection) {
    connection->data = calloc(1, sizeof(struct state));
    completed++;
    return 0;
}

static int send_next(struct tcp_connection *connection, int size) {
    struct state *state = connection->data;
    /* The byte before the data must never be sent: it would show as a wrong pattern. */
    unsigned char *block = malloc((size_t) size + 1);
    block[0] = (unsigned char) (pattern(state->position) + 1);
    for (int i = 0; i < size; i++)
        block[1 + i] = pattern(state->position + i);
    errno = 0;
    state->depth = 1;
    int sent = tcp_connection_send_data(connection, block + 1, size);
    int error = errno;
    state->depth = 0;
    free(block);
    PROMISE(sent >= -1 && sent <= size);
    if (sent >= 0)
        state->position += size;
    say("%d sent %d %d queued %d", connection->channel->fd, sent, error,
        buffer_readable_size(connection->output_buffer));
    return sent;
}

static void send_as_buffer(struct tcp_connection *connection, int size) {
    struct state *state = connection->data;
    struct buffer *buffer = buffer_new();
    buffer_append_string(buffer, "consumed before");
    buffer->readIndex = buffer->writeIndex;
    for (int i = 0; i < size; i++)
        buffer_append_char(buffer, (char) pattern(state->position + i));
    errno = 0;
    int sent = tcp_connection_send_buffer(connection, buffer);
    int error = errno;
    if (sent >= 0)
        state->position += size;
    say("%d buffer %d %d left %d", connection->channel->fd, sent, error, buffer_readable_size(buffer));
    /* The caller still owns it: neither the queue nor a later pass looks at it again. */
    memset(buffer->data, '!', buffer->total_size);
    buffer_free(buffer);
}

static void obey(struct tcp_connection *connection, char *line) {
    int size;
    if (sscanf(line, "send %d", &size) == 1) {
        send_next(connection, size);
    } else if (sscanf(line, "buffer %d", &size) == 1) {
        send_as_buffer(connection, size);
    } else if (sscanf(line, "flood %d", &size) == 1) {
        int taken = 0;
        while (taken < 1000 && send_next(connection, size) >= 0)
            taken++;
        say("%d flooded %d times", connection->channel->fd, taken);
    } else if (strcmp(line, "shutdown") == 0) {
        tcp_connection_shutdown(connection);
        say("%d shut down", connection->channel->fd);
    } else if (strcmp(line, "ping") == 0) {
        tcp_connection_send_data(connection, "pong\n", 5);
    }
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    struct state *state = connection->data;
    messages++;
    PROMISE(state->depth == 0);
    char *start = input->data + input->readIndex;
    char *end;
    while ((end = memchr(start, '\n', input->data + input->writeIndex - start)) != NULL) {
        char line[64] = "";
        PROMISE(end - start < 64);
        memcpy(line, start, end - start);
        input->readIndex += end + 1 - start;
        obey(connection, line);
        start = end + 1;
    }
    return 0;
}

static int on_written(struct tcp_connection *connection) {
    struct state *state = connection->data;
    PROMISE(state->depth == 0);
    written++;
    say("%d written, queued %d", connection->channel->fd,
        buffer_readable_size(connection->output_buffer));
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    struct state *state = connection->data;
    PROMISE(state->depth == 0);
    closed++;
    say("%d closed", connection->channel->fd);
    return 0;
}

int main(int argc, char **argv) {
    /* This program's own large blocks go back to the system at once. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    report_on_signal();
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(loop, acceptor, on_completed, on_message,
                                               on_written, on_closed, argc > 1 ? atoi(argv[1]) : 0);
    tcp_server_start(server);
    say_port(acceptor);
    return event_loop_run(loop);
}
