/* writeevent THREADS: each message enables the write event with nothing queued and
 * answers how the write event stood before and how often the written callback ran. */
#include "net.h"

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    char text[32];
    int enabled = channel_write_event_is_enabled(connection->channel);
    input->readIndex = input->writeIndex;
    messages++;
    tcp_connection_send_data(connection, text,
                             snprintf(text, sizeof text, "%d %d\n", enabled != 0, written));
    PROMISE(channel_write_event_enable(connection->channel) == 0);
    PROMISE(channel_write_event_is_enabled(connection->channel));
    return 0;
}

static int on_written(struct tcp_connection *connection) {
    (void) connection;
    written++;
    return 0;
}

int main(int argc, char **argv) {
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    tcp_server_start(tcp_server_init(loop, acceptor, NULL, on_message, on_written, NULL,
                                     argc > 1 ? atoi(argv[1]) : 0));
    say_port(acceptor);
    return event_loop_run(loop);
}
