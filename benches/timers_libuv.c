#include "timers.h"

#include <uv.h>

static uv_loop_t loop;
static uv_timer_t *timers;
static size_t count;

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    timer_fired();
}

void timers_open(size_t n)
{
    timers = calloc(n, sizeof *timers);
    NEED(uv_loop_init(&loop) == 0 && timers != NULL);
    for (count = 0; count < n; count++) {
        NEED(uv_timer_init(&loop, &timers[count]) == 0);
    }
}

void timers_start(size_t i, int64_t delay_ms)
{
    NEED(uv_timer_start(&timers[i], on_timer, (uint64_t)delay_ms, 0) == 0);
}

void timers_stop(size_t i)
{
    NEED(uv_timer_stop(&timers[i]) == 0);
}

void timers_restart(size_t i, int64_t delay_ms)
{
    timers_start(i, delay_ms);
}

void timers_turn(void)
{
    uv_run(&loop, UV_RUN_NOWAIT);
}

void timers_close(void)
{
    for (size_t i = 0; i < count; i++) {
        uv_close((uv_handle_t *)&timers[i], NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    NEED(uv_loop_close(&loop) == 0);
    free(timers);
}
