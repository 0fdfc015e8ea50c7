/* stopping MODE: how a loop ends, and what wakes it.
 *   thread   another thread sets quit and wakes the loop, once the loop waits
 *   quiet    the same without a wake-up
 *   signal   the handler of SIGUSR1 sets quit and wakes the loop
 *   full     300,000 wake-ups before the loop runs
 *   pool     the loop of an event_loop_thread; its thread is joined
 *   before   quit is set before the run */
#include "net.h"

static struct event_loop *loop;

static void stop(int number) {
    (void) number;
    quit_plainly(loop);
    event_loop_wakeup(loop);
}

static void *stop_when_told(void *data) {
    char line[16];
    PROMISE(fgets(line, sizeof line, stdin) != NULL);
    quit_plainly(loop);
    if (strcmp(data, "quiet") != 0)
        event_loop_wakeup(loop);
    return NULL;
}

int main(int argc, char **argv) {
    char *mode = argv[argc - 1];
    pthread_t other;
    int threaded = 0;
    lines_at_once();
    if (strcmp(mode, "pool") == 0) {
        struct event_loop_thread thread;
        PROMISE(event_loop_thread_init(&thread, 0) == 0);
        loop = event_loop_thread_start(&thread);
        PROMISE(loop != NULL);
        stop(0);
        PROMISE(pthread_join(thread.thread_tid, NULL) == 0);
        say("returned 0");
        return 0;
    }
    loop = event_loop_init();
    if (strcmp(mode, "signal") == 0) {
        struct sigaction action = {.sa_handler = stop};
        sigaction(SIGUSR1, &action, NULL);
    } else if (strcmp(mode, "full") == 0) {
        for (int i = 0; i < 300000; i++)
            event_loop_wakeup(loop);
        stop(0);
    } else if (strcmp(mode, "before") == 0) {
        loop->quit = 1;
    } else {
        threaded = pthread_create(&other, NULL, stop_when_told, mode) == 0;
    }
    say("runs");
    say("returned %d", event_loop_run(loop));
    if (threaded)
        pthread_join(other, NULL);
    return 0;
}
