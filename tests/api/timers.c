/* yolanda.h: timers. */
#include "aid.h"

#include "yolanda.h"

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct event {
    int64_t due;    /* not before this */
    int64_t latest; /* and due by then */
    int calls, order;
    int64_t late; /* by how much at last */
};

static int calls;

static void on_due(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct event *event = data;
    (void)loop;
    NEED(timer != 0);
    event->late = now_ns() - event->due;
    CHECK(event->late >= 0);
    event->calls++;
    event->order = calls++;
}

static void until(struct event_loop *loop, const int *count, int wanted)
{
    for (int i = 0; i < 100000 && *count < wanted; i++) {
        yolanda_loop_run_once(loop, 100);
    }
    CHECK_INT(*count, wanted);
}

CASE(never_early_and_in_order)
{
    struct event_loop *loop = event_loop_init();
    static struct event events[200];
    unsigned seed = 1;
    for (int i = 0; i < 200; i++) {
        int delay = rand_r(&seed) % 60;
        events[i].due = now_ns() + delay * 1000000LL;
        CHECK(yolanda_timer_start(loop, delay, 0, on_due, &events[i]) != 0);
        events[i].latest = now_ns() + delay * 1000000LL;
    }
    until(loop, &calls, 200);
    for (int i = 0; i < 200; i++) {
        CHECK_INT(events[i].calls, 1);
        for (int j = 0; j < i; j++) {
            /* Those a millisecond or more apart are called in that order. */
            if (events[j].latest + 1000000 < events[i].due) {
                CHECK(events[j].order < events[i].order);
            }
        }
    }
    CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int order[64], ordered;

static void note(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    order[ordered++] = (int)(intptr_t)data;
}

CASE(those_due_at_once_in_the_order_of_their_start)
{
    struct event_loop *loop = event_loop_init();
    for (int i = 0; i < 50; i++) {
        CHECK(yolanda_timer_start(loop, 0, 0, note, (void *)(intptr_t)i) != 0);
    }
    until(loop, &ordered, 50);
    for (int i = 0; i < 50; i++) {
        CHECK_INT(order[i], i);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* A reading of the clock together with what is left, with nothing in between that took long. */
static int64_t due_after(struct event_loop *loop, yolanda_timer timer)
{
    for (int i = 0; i < 10000; i++) {
        int64_t before = now_ns(), left = yolanda_timer_remaining(loop, timer), after = now_ns();
        CHECK(left >= 0);
        if (left == 0) {
            return 0;
        }
        if (after - before < 100000) {
            return before + left * 1000000;
        }
    }
    NEED(!"an undisturbed moment");
    return 0;
}

enum { PERIOD = 10 };

struct periodic {
    int64_t start;
    int calls;
};

static void on_period(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct periodic *one = data;
    one->calls++;
    CHECK(now_ns() >= one->start + one->calls * PERIOD * 1000000LL);
    /* The next due time lies on the grid of the start, give or take what is rounded. */
    int64_t next = due_after(loop, timer), off = (next - one->start) % (PERIOD * 1000000);
    CHECK(next == 0 || (off >= 0 && off < 1500000));
    usleep(one->calls == 3 ? PERIOD * 2500 : 2000);
    if (one->calls == 20) {
        CHECK_INT(yolanda_timer_stop(loop, timer), 0);
        yolanda_loop_quit(loop);
    }
}

CASE(a_periodic_one_doesnt_drift)
{
    struct event_loop *loop = event_loop_init();
    struct periodic one = { 0, 0 };
    yolanda_timer timer;
    for (;;) {
        one.start = now_ns();
        timer = yolanda_timer_start(loop, PERIOD, PERIOD, on_period, &one);
        NEED(timer != 0);
        if (now_ns() - one.start < 100000) {
            break;
        }
        CHECK_INT(yolanda_timer_stop(loop, timer), 0);
    }
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(one.calls, 20);
    errno = 0;
    CHECK_INT(yolanda_timer_stop(loop, timer), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int slow_calls;

static void slow(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    (void)timer;
    /* Due at 10; the next call is late, for 20, and then 30 and 40 have gone by. */
    if (++slow_calls == 1) {
        usleep(PERIOD * 3500);
        CHECK_INT(yolanda_loop_run_once(loop, 0), 0);
    } else {
        yolanda_loop_quit(loop);
    }
}

CASE(periods_that_have_gone_by_are_left_out)
{
    struct event_loop *loop = event_loop_init();
    int64_t start = now_ns();
    CHECK(yolanda_timer_start(loop, PERIOD, PERIOD, slow, NULL) != 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(slow_calls, 2);
    loop->quit = 0;
    /* They aren't made up for: the call after 45 at the earliest is due at 50, and not at once. */
    while (yolanda_loop_run_once(loop, -1) == 0) {
    }
    CHECK_INT(slow_calls, 3);
    CHECK(now_ns() - start >= 5 * PERIOD * 1000000);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static yolanda_timer first, second, third;
static int restarts;

static void stop_others(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    calls++;
    CHECK(timer == first);
    CHECK_INT(yolanda_timer_stop(loop, second), 0);
    CHECK_INT(yolanda_timer_restart(loop, third, 60000, 0), 0);
    CHECK(yolanda_timer_remaining(loop, third) > 50000);
    CHECK_INT(yolanda_timer_stop(loop, timer), 0);
    errno = 0;
    CHECK_INT(yolanda_timer_stop(loop, timer), -1);
    CHECK_INT(errno, ENOENT);
}

static void never(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    CHECK_TEXT("called", data);
}

CASE(stopping_itself_and_others_that_are_due)
{
    struct event_loop *loop = event_loop_init();
    first = yolanda_timer_start(loop, 0, 5, stop_others, NULL);
    second = yolanda_timer_start(loop, 0, 0, never, "stopped");
    third = yolanda_timer_start(loop, 0, 0, never, "restarted");
    CHECK(first != second && second != third && first != third);
    until(loop, &calls, 1);
    CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    CHECK_INT(yolanda_timer_stop(loop, third), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void once_more(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    CHECK(yolanda_timer_remaining(loop, timer) <= (restarts >= 4 ? 1 : 0));
    if (++restarts < 4) {
        CHECK_INT(yolanda_timer_restart(loop, timer, 1, 0), 0);
    } else if (restarts == 4) {
        CHECK_INT(yolanda_timer_restart(loop, timer, 0, 1), 0);
    } else if (restarts == 8) {
        CHECK_INT(yolanda_timer_restart(loop, timer, 0, 0), 0);
    }
}

CASE(restarting_itself_once_and_periodically)
{
    struct event_loop *loop = event_loop_init();
    yolanda_timer timer = yolanda_timer_start(loop, 0, 0, once_more, NULL);
    until(loop, &restarts, 9);
    CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    CHECK_INT(yolanda_timer_restart(loop, timer, 0, 0), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_handle_is_never_used_again)
{
    struct event_loop *loop = event_loop_init();
    yolanda_timer old = yolanda_timer_start(loop, 60000, 0, never, "old");
    CHECK_INT(yolanda_timer_stop(loop, old), 0);
    for (int i = 0; i < 1000; i++) {
        yolanda_timer fresh = yolanda_timer_start(loop, 60000, 0, never, "fresh");
        CHECK(fresh != old && fresh != 0);
        errno = 0;
        CHECK_INT(yolanda_timer_stop(loop, old), -1);
        CHECK_INT(errno, ENOENT);
        CHECK_INT(yolanda_timer_remaining(loop, old), -1);
        CHECK_INT(yolanda_timer_restart(loop, old, 0, 0), -1);
        CHECK_INT(yolanda_timer_stop(loop, fresh), 0);
        old = fresh;
    }
    CHECK_INT(yolanda_timer_stop(loop, 0), -1);
    CHECK_INT(yolanda_timer_stop(loop, UINT64_MAX), -1);
    CHECK_INT(yolanda_timer_stop(loop, 12345), -1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int reads;

static void at_once(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    calls++;
    if (reads < 10) {
        CHECK(yolanda_timer_restart(loop, timer, 0, 0) == 0);
        CHECK(yolanda_timer_start(loop, 0, 0, note, NULL) != 0);
        ordered = 0;
    }
}

static int on_byte(void *data)
{
    char byte;
    NEED(read(*(int *)data, &byte, 1) == 1);
    reads++;
    return 0;
}

CASE(timers_without_delay_dont_starve_descriptors)
{
    struct event_loop *loop = event_loop_init();
    int fd[2];
    make_pipe(fd);
    put(fd[1], "0123456789");
    struct channel *channel = watch(loop, fd[0], EVENT_READ, on_byte, NULL, &fd[0]);
    CHECK(yolanda_timer_start(loop, 0, 0, at_once, NULL) != 0);
    for (int i = 0; i < 100 && reads < 10; i++) {
        yolanda_loop_run_once(loop, 0);
    }
    CHECK_INT(reads, 10);
    /* In each pass one byte is read and the timer is called once: neither gets ahead of the other. */
    CHECK(calls >= 9 && calls <= 12);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    free(channel);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int nested_calls;

static void nested(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)data;
    if (++nested_calls == 1) {
        CHECK_INT(yolanda_timer_restart(loop, timer, 0, 0), 0);
        CHECK_INT(yolanda_loop_run_once(loop, -1), 1);
        CHECK_INT(nested_calls, 2);
        CHECK_INT(yolanda_timer_stop(loop, timer), -1);
    }
}

CASE(the_loop_run_within_a_timer)
{
    struct event_loop *loop = event_loop_init();
    CHECK(yolanda_timer_start(loop, 0, 0, nested, NULL) != 0);
    until(loop, &nested_calls, 2);
    CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void count_call(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)loop;
    (void)timer;
    ++*(int *)data;
}

CASE(a_million_timers)
{
    enum { MANY = 1000000 };
    struct event_loop *loop = event_loop_init();
    yolanda_timer *timers = malloc(sizeof *timers * MANY);
    NEED(timers != NULL);
    int count = 0;
    unsigned seed = 7;
    for (int i = 0; i < MANY; i++) {
        timers[i] = yolanda_timer_start(loop, 60000 + rand_r(&seed) % 600000, 0, count_call, &count);
        NEED(timers[i] != 0);
    }
    struct yolanda_loop_stats stats;
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.timers, MANY);
    /* All but each thousandth are stopped, from the middle of the heap too. */
    for (int i = 0; i < MANY; i++) {
        if (i % 1000 != 0) {
            NEED(yolanda_timer_stop(loop, timers[i]) == 0);
        } else {
            NEED(yolanda_timer_restart(loop, timers[i], 1 + rand_r(&seed) % 5, 0) == 0);
        }
    }
    until(loop, &count, MANY / 1000);
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK_INT(stats.timers, 0);
    free(timers);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
