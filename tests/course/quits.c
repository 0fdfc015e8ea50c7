/* Ends its own loop when a client requests it. */
#include "course.h"

struct event_loop *mainLoop;

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    if (strncmp(input->data + input->readIndex, "quit", 4) == 0) {
        mainLoop->quit = 1;
        event_loop_wakeup(mainLoop);
    }
    tcp_connection_send_buffer(tcpConnection, input);
}

int main(int argc, char **argv) {
    mainLoop = event_loop_init();
    struct acceptor *acceptor = acceptor_init(0);
    struct TCPserver *tcpServer = tcp_server_init(mainLoop, acceptor, NULL, onMessage, NULL, NULL, atoi(argv[1]));
    tcp_server_start(tcpServer);
    printf("port %d\n", acceptor->listen_port);
    fflush(stdout);
    event_loop_run(mainLoop);
    printf("good bye\n");
    return 7;
}
