#include "timers.h"

#include <yolanda.h>

static struct event_loop *loop;
static yolanda_timer *timers;

static void on_timer(struct event_loop *l, yolanda_timer timer, void *data)
{
    (void)l, (void)timer, (void)data;
    timer_fired();
}

void timers_open(size_t n)
{
    loop = yolanda_loop_new("bench", NULL);
    timers = calloc(n, sizeof *timers);
    NEED(loop != NULL && timers != NULL);
}

void timers_start(size_t i, int64_t delay_ms)
{
    timers[i] = yolanda_timer_start(loop, delay_ms, 0, on_timer, NULL);
    NEED(timers[i] != 0);
}

void timers_stop(size_t i)
{
    NEED(yolanda_timer_stop(loop, timers[i]) == 0);
}

void timers_restart(size_t i, int64_t delay_ms)
{
    NEED(yolanda_timer_restart(loop, timers[i], delay_ms, 0) == 0);
}

void timers_turn(void)
{
    yolanda_loop_run_once(loop, 0);
}

void timers_close(void)
{
    NEED(yolanda_loop_free(loop) == 0);
    free(timers);
}
