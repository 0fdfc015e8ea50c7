/* bug WHICH: a program's fault that shows in the library's own code, for the sanitizers to find.
 *   race   another thread writes a field of a loop that runs
 *   freed  a buffer is used after it was freed
 *   none   neither */
#include "lib/buffer.h"
#include "lib/event_loop.h"

#include <pthread.h>
#include <string.h>

static struct event_loop *loop;

static void *meddle(void *data)
{
    (void)data;
    loop->quit = 1;
    event_loop_wakeup(loop);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *which = argv[argc - 1];
    struct buffer *buffer = buffer_new();
    buffer_append_string(buffer, "text");
    buffer_free(buffer);
    loop = event_loop_init();
    if (strcmp(which, "freed") == 0) {
        return (int)buffer_readable_size(buffer);
    }
    if (strcmp(which, "race") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, meddle, NULL);
        event_loop_run(loop);
        pthread_join(thread, NULL);
    }
    return 0;
}
