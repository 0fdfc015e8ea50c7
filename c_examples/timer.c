/*
 * Timers: functions that a loop calls at a given time.
 *
 *     ./timer [SECONDS]        the length of a tick, default: 0.1
 *
 * A clock ticks ten times. A watchdog barks when the clock has been silent for three ticks. And
 * somebody knocks, waiting twice as long each time. One thread does all of that. It waits in the loop,
 * where it could also serve connections.
 */
#include "yolanda.h"
#include "example.h"

#define TICKS 10
#define KNOCKS 4

static int64_t tick_ms = 100;
static int64_t start_ms;
static int at_work = 3; /* clock, watchdog, knocking */

/* The clock of the timers: setting the date doesn't change it. */
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

/* A loop without timers continues to wait for events, so end it explicitly. */
static void leave(struct event_loop *loop)
{
    if (--at_work == 0)
        yolanda_loop_quit(loop);
}

/* A timer is a number, not a pointer, so a program may keep it after the timer has ended. Then stopping
 * or restarting it fails, and affects no other timer. */
struct clock {
    int ticks;
    yolanda_timer watchdog;
};

/* Periodic. Due times are counted from the start, so a slow callback doesn't make the clock slow. */
static void on_tick(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct clock *clock = data;

    tell("tick");
    /* A timer that is restarted again and again never fires. If the restarts stop, it fires. */
    yolanda_timer_restart(loop, clock->watchdog, 3 * tick_ms, 0);
    if (++clock->ticks == TICKS) {
        yolanda_timer_stop(loop, timer);
        leave(loop);
    }
}

/* Once, because its period is 0. */
static void on_silence(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void) timer;
    (void) data;
    tell("woof");
    leave(loop);
}

/* Also once, but it may restart itself while its callback runs. */
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
