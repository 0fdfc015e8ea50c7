#include "timers.h"

#include <event2/event.h>
#include <event2/event_struct.h>

static struct event_base *base;
static struct event *timers;

static void on_timer(evutil_socket_t fd, short what, void *data)
{
    (void)fd, (void)what, (void)data;
    timer_fired();
}

void timers_open(size_t n)
{
    base = event_base_new();
    timers = calloc(n, sizeof *timers);
    NEED(base != NULL && timers != NULL);
    for (size_t i = 0; i < n; i++) {
        NEED(evtimer_assign(&timers[i], base, on_timer, NULL) == 0);
    }
}

void timers_start(size_t i, int64_t delay_ms)
{
    struct timeval delay = { delay_ms / 1000, delay_ms % 1000 * 1000 };
    NEED(evtimer_add(&timers[i], &delay) == 0);
}

void timers_stop(size_t i)
{
    NEED(evtimer_del(&timers[i]) == 0);
}

void timers_restart(size_t i, int64_t delay_ms)
{
    timers_start(i, delay_ms);
}

void timers_turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

void timers_close(void)
{
    event_base_free(base);
    free(timers);
}
