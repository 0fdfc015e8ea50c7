/* unread THREADS MODE: what a callback sees of its input.
 *   lines   answers whole lines, leaves the rest unread
 *   peek    "keep..." is left unread; "look" (another connection) checks that it is where it was
 *   print   answers what printf("%s", input->data) shows, as course programs do
 *   swap    puts a block of its own in place of input->data
 *   hoard   consumes nothing on connections that begin with H; echoes on the others
 *   stays   a pointer into the input stays valid until the callback returns */
#include "net.h"

static const char *mode;

static struct tcp_connection *keeper;
static char *kept;
static int kept_size;

static void look(struct tcp_connection *connection) {
    PROMISE(keeper != NULL);
    struct buffer *input = keeper->input_buffer;
    PROMISE(input->data + input->readIndex == kept);
    PROMISE(buffer_readable_size(input) == kept_size);
    PROMISE(memcmp(kept, "keep", 4) == 0);
    for (int i = 4; i < kept_size; i++)
        PROMISE(kept[i] == '.');
    PROMISE(kept[kept_size] == 0);
    tcp_connection_send_data(connection, "kept\n", 5);
}

static int peek(struct buffer *input, struct tcp_connection *connection) {
    char *start = input->data + input->readIndex;
    if (memcmp(start, "keep", 4) == 0) {
        keeper = connection;
        kept = start;
        kept_size = buffer_readable_size(input);
        say("keeps %d", kept_size);
        return 0;
    }
    if (memmem(start, buffer_readable_size(input), "look", 4) != NULL)
        look(connection);
    input->readIndex = input->writeIndex;
    return 0;
}

static int lines(struct buffer *input, struct tcp_connection *connection) {
    char *start = input->data + input->readIndex;
    char *end;
    while ((end = memchr(start, '\n', input->data + input->writeIndex - start)) != NULL) {
        tcp_connection_send_data(connection, start, end + 1 - start);
        input->readIndex += end + 1 - start;
        start = end + 1;
    }
    say("unread %d", buffer_readable_size(input));
    return 0;
}

static int print(struct buffer *input, struct tcp_connection *connection) {
    struct buffer *output = buffer_new();
    PROMISE(input->readIndex == 0);
    buffer_append_string(output, input->data);
    while (buffer_readable_size(input) > 0)
        buffer_read_char(input);
    tcp_connection_send_buffer(connection, output);
    buffer_free(output);
    return 0;
}

static int swap(struct buffer *input, struct tcp_connection *connection) {
    int size = buffer_readable_size(input);
    char *block = malloc(size + 100);
    memcpy(block, input->data + input->readIndex, size);
    input->data = block;
    input->total_size = size + 100;
    input->readIndex = 0;
    input->writeIndex = size;
    if (size >= 1000) {
        tcp_connection_send_data(connection, block, size);
        input->readIndex = input->writeIndex;
    }
    say("unread %d", buffer_readable_size(input));
    return 0;
}

static int hoard(struct buffer *input, struct tcp_connection *connection) {
    if (input->data[input->readIndex] != 'H')
        tcp_connection_send_buffer(connection, input);
    return 0;
}

static int stays(struct buffer *input, struct tcp_connection *connection) {
    char *start = input->data + input->readIndex;
    int size = buffer_readable_size(input);
    char *copy = malloc(size);
    memcpy(copy, start, size);
    while (buffer_readable_size(input) > 0)
        buffer_read_char(input);
    for (int i = 0; i < 10; i++)
        tcp_connection_send_data(connection, start, size);
    PROMISE(memcmp(copy, start, size) == 0);
    free(copy);
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    messages++;
    PROMISE(input->data[input->writeIndex] == 0);
    if (strcmp(mode, "lines") == 0)
        return lines(input, connection);
    if (strcmp(mode, "peek") == 0)
        return peek(input, connection);
    if (strcmp(mode, "print") == 0)
        return print(input, connection);
    if (strcmp(mode, "swap") == 0)
        return swap(input, connection);
    if (strcmp(mode, "stays") == 0)
        return stays(input, connection);
    return hoard(input, connection);
}

static int on_completed(struct tcp_connection *connection) {
    (void) connection;
    completed++;
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    closed++;
    say("closed with %d unread", buffer_readable_size(connection->input_buffer));
    return 0;
}

int main(int argc, char **argv) {
    int threads = argc > 2 ? atoi(argv[1]) : 0;
    mode = argv[argc - 1];
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, NULL, on_closed, threads));
    say_port(acceptor);
    return event_loop_run(loop);
}
