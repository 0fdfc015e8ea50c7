#include "posts_queue.h"

#include <event2/event.h>
#include <event2/thread.h>

static struct event_base *base;
static struct event *woken;

static void on_event(evutil_socket_t fd, short what, void *data)
{
    (void)fd, (void)what, (void)data;
    queue_run();
}

void posts_open(void)
{
    NEED(evthread_use_pthreads() == 0);
    base = event_base_new();
    NEED(base != NULL);
    woken = event_new(base, -1, EV_PERSIST, on_event, NULL);
    NEED(woken != NULL && event_add(woken, NULL) == 0);
}

void posts_post(void *data)
{
    if (queue_put(data)) {
        event_active(woken, EV_READ, 0);
    }
}

void posts_run(void)
{
    event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void posts_quit(void)
{
    event_base_loopbreak(base);
}

uint64_t posts_wakeups(void)
{
    return queue_taken;
}

void posts_close(void)
{
    event_free(woken);
    event_base_free(base);
}
