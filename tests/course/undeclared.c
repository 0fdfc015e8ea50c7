/* Declares by hand what no header declares. */
#include "lib/common.h"
#include "lib/buffer.h"
#include "lib/event_loop.h"

extern int read_line(int fd, char *buf, int size);
extern size_t readline_2(int fd, char *buffer, size_t length);
extern void make_room(struct buffer *buffer, int size);
extern int event_loop_do_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1, int type);
extern int event_loop_handle_pending_channel(struct event_loop *eventLoop);

struct event_loop *eventLoop;
struct channel *input;

int handle_input(void *data) {
    char line[100];
    if (readline_2(0, line, sizeof(line)) == (size_t) -1) {
        event_loop_do_channel_event(eventLoop, 0, input, 2);
        eventLoop->quit = 1;
        return 0;
    }
    printf("line %s", line);
}

int main() {
    char line[100];
    struct buffer *buffer = buffer_new();
    int n = read_line(0, line, sizeof(line));
    make_room(buffer, 1000000);
    printf("first %d %s", n, line);
    printf("room %d\n", buffer_writeable_size(buffer) >= 1000000);
    eventLoop = event_loop_init();
    input = channel_new(0, EVENT_READ, handle_input, NULL, NULL);
    event_loop_do_channel_event(eventLoop, 0, input, 1);
    printf("pending %d\n", event_loop_handle_pending_channel(eventLoop));
    event_loop_run(eventLoop);
    printf("end\n");
    exit(0);
}
