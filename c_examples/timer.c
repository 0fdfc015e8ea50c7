/*
 * Timers: functions that a loop calls when their time has come.
 *
 *     ./timer [SECONDS]        how long a tick lasts, 0.1 unless told
 *
 * A clock ticks ten times. A watchdog barks once the clock has been silent for three ticks. And
 * somebody knocks, waiting twice as long each time. One thread does all of that, and it sleeps in
 * the loop, where it would serve connections meanwhile.
 */
#include "yolanda.h"
#include "example.h"

#define TICKS 10
#define KNOCKS 4

static int64_t tick_ms = 100;
static int64_t start_ms;
static int at_work = 3; /* clock, watchdog, and who knocks */

/* The clock that timers go by: setting the date doesn't move it. */
static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell(const char *what)
{
    printf("%5lld ms: %s\n", (long long) (now_ms() - start_ms), what);
}

/* A loop without timers goes on waiting, for whatever may come: it has to be told when to end. */
static void leave(struct event_loop *loop)
{
    if (--at_work == 0)
        yolanda_loop_quit(loop);
}

/* A timer is a number, not a pointer: it may be kept longer than the timer lives. Used too late,
 * it stops or restarts nothing, in particular no other timer. */
struct clock {
    int ticks;
    yolanda_timer watchdog;
};

/* Periodic. Due times are counted from the start, so however long this takes, the clock isn't slow. */
static void on_tick(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct clock *clock = data;

    tell("tick");
    /* Given new times again and again, a timer is never due: that is how to notice silence. */
    yolanda_timer_restart(loop, clock->watchdog, 3 * tick_ms, 0);
    if (++clock->ticks == TICKS) {
        yolanda_timer_stop(loop, timer);
        leave(loop);
    }
}

/* Once, for its period is 0. */
static void on_silence(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void) timer;
    (void) data;
    tell("woof");
    leave(loop);
}

/* Once, too, but it can prolong its life as long as it is being called. */
static void on_knock(struct event_loop *loop, yolanda_timer timer, void *data)
{
    int *knocks = data;

    tell("knock");
    if (++*knocks < KNOCKS)
        yolanda_timer_restart(loop, timer, tick_ms << *knocks, 0);
    else
        leave(loop);
}

int main(int argc, char **argv)
{
    struct event_loop *loop;
    struct clock clock = {0, 0};
    int knocks = 0;

    if (argc > 1)
        tick_ms = example_milliseconds(argv[1]);
    loop = yolanda_loop_new(NULL, NULL);
    if (loop == NULL)
        err_sys("no loop");

    start_ms = now_ms();
    if (yolanda_timer_start(loop, tick_ms, tick_ms, on_tick, &clock) == 0
        || yolanda_timer_start(loop, tick_ms, 0, on_knock, &knocks) == 0
        || (clock.watchdog = yolanda_timer_start(loop, 3 * tick_ms, 0, on_silence, NULL)) == 0)
        err_sys("no timer");

    event_loop_run(loop);
    yolanda_loop_free(loop);
    return 0;
}
