/* changes: for each line of standard input, 100,000 event changes of one channel of a running
 * loop from this thread, then one channel whose callback shows that all of them were taken. */
#include "net.h"

enum { CHANGES = 100000 };

static int on_read(void *data) {
    int *ends = data;
    char byte;
    PROMISE(read(ends[0], &byte, 1) == 1);
    say("taken");
    return 0;
}

static int on_write(void *data) {
    (void) data;
    return 0;
}

int main(void) {
    struct event_loop_thread thread;
    int ends[2];
    char line[16];
    lines_at_once();
    event_loop_thread_init(&thread, 0);
    struct event_loop *loop = event_loop_thread_start(&thread);
    PROMISE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    struct channel *channel = channel_new(ends[0], EVENT_READ, on_read, on_write, ends);
    PROMISE(event_loop_add_channel_event(loop, ends[0], channel) == 0);
    say("port 0");
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (int i = 0; i < CHANGES / 4; i++) {
            PROMISE(event_loop_update_channel_event(loop, ends[0], channel) == 0);
            PROMISE(event_loop_remove_channel_event(loop, ends[0], channel) == 0);
            PROMISE(event_loop_add_channel_event(loop, ends[0], channel) == 0);
            PROMISE(event_loop_update_channel_event(loop, ends[0], channel) == 0);
        }
        PROMISE(write(ends[1], "x", 1) == 1);
    }
    return 0;
}
