/* Uses, for things of its own, names that the original leaked. */
#include "course.h"

const char CRLF[3] = "\r\n";
int handle_connection_established = 1, handle_connection_closed = 2, handleWakeup = 3;
double handle_read = 4, handle_write = 5, tcp_connection_on_closed = 6;

struct channel *event_loop_thread_run(int nothing) {
    return NULL;
}

char *http_onMessage(char *text) {
    return text;
}

void event_loop_channel_buffer_nolock(void) {
}

int poll_init, poll_add, poll_del, epoll_init, epoll_add, epoll_dispatch, epoll_clear, same_request_state;

int onMessage(struct buffer *input, struct tcp_connection *tcpConnection) {
    tcp_connection_send_buffer(tcpConnection, input);
    tcp_connection_send_data(tcpConnection, (void *) CRLF, 2);
    return handle_connection_closed;
}

int main(int argc, char **argv) {
    serve(argv, NULL, onMessage, NULL, NULL);
}
