/* echo [NAME=VALUE...] - an echo server for the benchmarks; prints its port.
 *   threads=N       I/O threads beside the loop, 0
 *   marks=HIGH      water marks: HIGH bytes and half of that; 0 is off, and the default
 *   timeouts=MS     idle, read and write timeout; 0 is off, and the default
 *   nodelay=0|1     TCP_NODELAY; the library's default unless given
 *   split=1         each reply goes out by two sends, as a header and its body do */
#include "bench.h"

#include <yolanda.h>

static int split;

static void on_mark(struct tcp_connection *connection, size_t queued)
{
    (void)connection, (void)queued;
}

static int on_message(struct buffer *input, struct tcp_connection *connection)
{
    int size = input->writeIndex - input->readIndex;
    if (split && size > 1) {
        char *data = input->data + input->readIndex;
        tcp_connection_send_data(connection, data, size / 2);
        tcp_connection_send_data(connection, data + size / 2, size - size / 2);
        input->readIndex = input->writeIndex;
        return 0;
    }
    tcp_connection_send_buffer(connection, input);
    return 0;
}

static long option(int argc, char **argv, const char *name, long otherwise)
{
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') {
            return strtol(argv[i] + length + 1, NULL, 10);
        }
    }
    return otherwise;
}

int main(int argc, char **argv)
{
    char address[64];
    struct event_loop *loop = yolanda_loop_new("bench", NULL);
    struct TCPserver *server =
        yolanda_server_new(loop, "127.0.0.1:0", NULL, on_message, NULL, NULL,
                           (int)option(argc, argv, "threads", 0));
    NEED(server != NULL);
    long marks = option(argc, argv, "marks", 0), ms = option(argc, argv, "timeouts", 0);
    long nodelay = option(argc, argv, "nodelay", -1);
    split = (int)option(argc, argv, "split", 0);
    if (marks > 0) {
        NEED(yolanda_server_set_water_marks(server, (size_t)marks / 2, (size_t)marks, on_mark, on_mark) == 0);
    }
    if (ms > 0) {
        NEED(yolanda_server_set_timeouts(server, ms, ms, ms) == 0);
    }
    if (nodelay >= 0) {
        NEED(yolanda_server_set_nodelay(server, (int)nodelay) == 0);
    }
    NEED(yolanda_server_start(server) == 0);
    NEED(yolanda_server_address(server, address, sizeof address) == 0);
    printf("%s\n", strrchr(address, ':') + 1);
    fflush(stdout);
    return event_loop_run(loop);
}
