/* peers: a chat on one loop. Each connection is in a list; lines are commands:
 *   all TEXT    sends the line to every connection
 *   kill        shutdown(fd, SHUT_RDWR) for all the others, and goes on using them
 *   suicide     shutdown(fd, SHUT_RDWR) for itself, then sends
 *   hang        tcp_connection_shutdown for all the others
 *   cut         close(fd) for all the others
 *   mute        disables and enables the others' write events, then says "muted"
 *   count       how many there are */
#include "net.h"

enum { MOST = 128 };
static struct tcp_connection *all[MOST];
static int number, busy;

static int on_completed(struct tcp_connection *connection) {
    PROMISE(!busy && number < MOST);
    all[number++] = connection;
    completed++;
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    /* If it were called from within a send or a shutdown, the iteration below would break. */
    PROMISE(!busy);
    int i = 0;
    while (i < number && all[i] != connection)
        i++;
    PROMISE(i < number);
    all[i] = all[--number];
    closed++;
    return 0;
}

static void obey(struct tcp_connection *connection, char *line, int size) {
    busy = 1;
    if (strncmp(line, "count", 5) == 0) {
        char text[16];
        tcp_connection_send_data(connection, text, snprintf(text, sizeof text, "%d\n", number));
    } else if (strncmp(line, "suicide", 7) == 0) {
        shutdown(connection->channel->fd, SHUT_RDWR);
        tcp_connection_send_data(connection, line, size);
        tcp_connection_send_data(connection, line, size);
    }
    for (int i = 0; i < number; i++) {
        struct tcp_connection *other = all[i];
        if (strncmp(line, "all", 3) == 0)
            tcp_connection_send_data(other, line, size);
        if (other == connection)
            continue;
        if (strncmp(line, "kill", 4) == 0) {
            shutdown(other->channel->fd, SHUT_RDWR);
            tcp_connection_send_data(other, line, size);
            tcp_connection_shutdown(other);
        } else if (strncmp(line, "hang", 4) == 0) {
            tcp_connection_shutdown(other);
        } else if (strncmp(line, "cut", 3) == 0) {
            close(other->channel->fd);
        } else if (strncmp(line, "mute", 4) == 0) {
            channel_write_event_enable(other->channel);
            channel_write_event_disable(other->channel);
            channel_write_event_enable(other->channel);
        }
    }
    if (strncmp(line, "mute", 4) == 0)
        tcp_connection_send_data(connection, "muted\n", 6);
    if (strncmp(line, "kill", 4) == 0 || strncmp(line, "cut", 3) == 0)
        tcp_connection_send_data(connection, "done\n", 5);
    busy = 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    char *start = input->data + input->readIndex;
    char *end;
    messages++;
    while ((end = memchr(start, '\n', input->data + input->writeIndex - start)) != NULL) {
        obey(connection, start, end + 1 - start);
        input->readIndex += end + 1 - start;
        start = end + 1;
    }
    return 0;
}

static int on_written(struct tcp_connection *connection) {
    (void) connection;
    PROMISE(!busy);
    written++;
    return 0;
}

int main(void) {
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, on_completed, on_message, on_written, on_closed, 0));
    say_port(acceptor);
    return event_loop_run(loop);
}
