/* A server with a channel on its standard input, which it takes off and frees in the channel's own
 * callback. */
#include "course.h"

struct event_loop *eventLoop;
struct channel *console;
struct tcp_connection *last;

int onConsole(void *data) {
    char line[100];
    int n = read(0, line, sizeof(line));
    if (n <= 0) {
        event_loop_remove_channel_event(eventLoop, 0, console);
        free(console);
        printf("console gone\n");
    } else if (last != NULL) {
        tcp_connection_send_data(last, line, n);
    }
}

int onConnectionCompleted(struct tcp_connection *tcpConnection) {
    last = tcpConnection;
    printf("connected\n");
}

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    tcp_connection_send_buffer(tcpConnection, input);
}

int onConnectionClosed(struct tcp_connection *tcpConnection) {
    if (last == tcpConnection)
        last = NULL;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    eventLoop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *tcpServer = tcp_server_init(eventLoop, acceptor, onConnectionCompleted, onMessage, NULL,
                                                  onConnectionClosed, atoi(argv[1]));
    tcp_server_start(tcpServer);
    console = channel_new(0, EVENT_READ, onConsole, NULL, NULL);
    event_loop_add_channel_event(eventLoop, 0, console);
    printf("port %d\n", acceptor->listen_port);
    event_loop_run(eventLoop);
}
