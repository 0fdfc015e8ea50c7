/* events THREADS [OPTION...]: says every callback, in order, and checks what holds in each.
 *   null MASK   leaves callbacks out: 1 completed, 2 message, 4 written, 8 closed
 *   nodata      tcp_server_set_data(NULL, ...) and no data for the connections
 *   greet       sends in the completed callback
 *   again       makes the loop look at a drained connection again (a read that would block) */
#include "net.h"
#include <lib/utils.h>

static char magic[] = "the server's data";
static pthread_t main_thread;
static int greet, again, nodata;

static int registered(struct tcp_connection *connection) {
    struct channel_map *map = connection->eventLoop->channelMap;
    int fd = connection->channel->fd;
    return fd < map->nentries && map->entries[fd] == connection->channel;
}

static void check(struct tcp_connection *connection) {
    char name[32];
    snprintf(name, sizeof name, "connection-%d", connection->channel->fd);
    PROMISE(strcmp(connection->name, name) == 0);
    PROMISE(connection->data == (nodata ? NULL : magic));
}

static int on_completed(struct tcp_connection *connection) {
    check(connection);
    PROMISE(pthread_equal(pthread_self(), main_thread));
    if (connection->eventLoop->owner_thread_id == main_thread)
        PROMISE(!registered(connection));
    completed++;
    say("%d completed", connection->channel->fd);
    if (greet) {
        int own = pthread_equal(connection->eventLoop->owner_thread_id, pthread_self());
        int sent = tcp_connection_send_data(connection, "welcome ", 8);
        PROMISE(sent == (own ? 8 : 0));
    }
    return 0;
}

static int on_message(struct buffer *input, struct tcp_connection *connection) {
    check(connection);
    PROMISE(isInSameThread(connection->eventLoop));
    PROMISE(registered(connection));
    PROMISE(input == connection->input_buffer);
    messages++;
    say("%d message", connection->channel->fd);
    if (again) {
        /* Nothing more comes before the answer: this read finds nothing. */
        int before = messages, size = buffer_readable_size(input);
        PROMISE(channel_event_activate(connection->eventLoop, connection->channel->fd, EVENT_READ) == 0);
        PROMISE(messages == before && buffer_readable_size(input) == size);
    }
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static int on_written(struct tcp_connection *connection) {
    check(connection);
    PROMISE(isInSameThread(connection->eventLoop));
    PROMISE(buffer_readable_size(connection->output_buffer) == 0);
    written++;
    say("%d written", connection->channel->fd);
    return 0;
}

static int on_closed(struct tcp_connection *connection) {
    check(connection);
    PROMISE(isInSameThread(connection->eventLoop));
    PROMISE(!registered(connection));
    closed++;
    say("%d closed", connection->channel->fd);
    return 0;
}

int main(int argc, char **argv) {
    int threads = atoi(argv[1]), mask = 0;
    for (int i = 2; i < argc; i++) {
        nodata |= strcmp(argv[i], "nodata") == 0;
        greet |= strcmp(argv[i], "greet") == 0;
        again |= strcmp(argv[i], "again") == 0;
        if (strcmp(argv[i], "null") == 0)
            mask = atoi(argv[++i]);
    }
    main_thread = pthread_self();
    report_on_signal();
    lines_at_once();
    struct event_loop *loop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *server = tcp_server_init(
        loop, acceptor, mask & 1 ? NULL : on_completed, mask & 2 ? NULL : on_message,
        mask & 4 ? NULL : on_written, mask & 8 ? NULL : on_closed, threads);
    tcp_server_set_data(NULL, magic);
    if (!nodata)
        tcp_server_set_data(server, magic);
    tcp_server_start(server);
    say_port(acceptor);
    return event_loop_run(loop);
}
