/* loops.h - timers, signals, posts, channels, threads with loops. */
#ifndef LOOPS_H
#define LOOPS_H

#include "model.h"

/* --- timers ----------------------------------------------------------------- */

#define FOR_EVER (1 << 30)

struct timer_record {
    yolanda_timer timer;
    struct event_loop *loop;
    struct loop_record *owner; /* NULL: a server's thread */
    int due;                   /* how many calls may come */
    int within;                /* calls that haven't returned */
};
LIST(timer_record, timers, 4000)
LIST(timer_record, thread_timers, 4000) /* of other threads */

static void on_timer(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct timer_record *record = data;
    CHECK(record->due > 0);
    CHECK(record->timer == timer && record->loop == loop);
    CHECK(record->owner == NULL || record->owner->life == LIVE);
    CHECK(record->owner == NULL || on_main());
    if (record->due < FOR_EVER) {
        record->due--;
    }
    record->within++;
    act(loop);
    record->within--;
}

static void timer_start(struct event_loop *loop, struct loop_record *owner)
{
    struct timer_record *record = owner != NULL ? timers_full() ? NULL : timers_add()
                                                : thread_timers_full() ? NULL : thread_timers_add();
    if (record == NULL) {
        return;
    }
    /* Of those on other threads nobody stops any. */
    int64_t period = one_in(owner != NULL ? 2 : 16) ? 1 + below(5) : 0;
    *record = (struct timer_record){ .loop = loop, .owner = owner, .due = period > 0 ? FOR_EVER : 1 };
    record->timer = yolanda_timer_start(loop, below(4), period, on_timer, record);
    CHECK(record->timer != 0);
}

static void timer_change(void)
{
    struct timer_record *record = timers_any(16);
    if (record == NULL || record->owner->life != LIVE) {
        return;
    }
    int known = record->within == 0; /* behind its last call, else it is about to go */
    errno = 0;
    if (one_in(3)) {
        int64_t period = one_in(2) ? 0 : 1 + below(5);
        int due = record->due;
        int result = yolanda_timer_restart(record->loop, record->timer, below(4), period);
        CHECK(!known || result == (due > 0 ? 0 : -1));
        if (result == 0) {
            record->due = period > 0 ? FOR_EVER : 1;
        }
    } else if (one_in(4)) {
        int64_t left = yolanda_timer_remaining(record->loop, record->timer);
        CHECK(!known || (record->due > 0 ? left >= 0 : left == -1 && errno == ENOENT));
    } else {
        int result = yolanda_timer_stop(record->loop, record->timer);
        CHECK(!known || (record->due > 0 ? result == 0 : result == -1 && errno == ENOENT));
        record->due = 0;
    }
}

/* --- signals ---------------------------------------------------------------- */

static const int signal_numbers[] = { SIGUSR1, SIGUSR2, SIGHUP };

struct signal_record {
    yolanda_signal watcher;
    struct loop_record *owner;
    int number, runs;
};
LIST(signal_record, signals, 600)

static void on_signal(struct event_loop *loop, int number, void *data)
{
    struct signal_record *record = data;
    CHECK(record->runs);
    CHECK(record->number == number && record->owner->loop == loop && record->owner->life == LIVE);
    CHECK(on_main());
    act(loop);
}

static void signal_start(void)
{
    struct loop_record *owner = any_loop();
    struct signal_record *record = owner == NULL || signals_full() ? NULL : signals_add();
    if (record == NULL) {
        return;
    }
    *record = (struct signal_record){ 0, owner, signal_numbers[below(SIZE(signal_numbers))], 1 };
    record->watcher = yolanda_signal_start(owner->loop, record->number, on_signal, record);
    CHECK(record->watcher != 0);
}

static void signal_stop(void)
{
    struct signal_record *record = signals_any(8);
    if (record == NULL || record->owner->life != LIVE) {
        return;
    }
    RETURNS(yolanda_signal_stop(record->owner->loop, record->watcher), record->runs ? 0 : -1, ENOENT);
    record->runs = 0;
}

/* Only where somebody watches: else it would end the process. */
static void signal_raise(void)
{
    struct signal_record *record = signals_any(8);
    if (record != NULL && record->runs && record->owner->life == LIVE) {
        kill(getpid(), record->number);
    }
}

/* --- posts ------------------------------------------------------------------ */

struct post_record {
    struct event_loop *loop;
    unsigned poster, number; /* which thread's, and in which order */
    atomic_int called;
    unsigned turn; /* the order of the calls */
    int accepted;
};
LIST(post_record, posts, 12000)

static atomic_uint posters, turns;
static __thread unsigned poster, post_number;

static void on_post(struct event_loop *loop, void *data)
{
    struct post_record *record = data;
    CHECK(record->loop == loop);
    CHECK(atomic_fetch_add(&record->called, 1) == 0);
    record->turn = atomic_fetch_add(&turns, 1);
    act(loop);
}

static void post_to(struct event_loop *loop)
{
    struct post_record *record = posts_full() ? NULL : posts_add();
    if (record == NULL) {
        return;
    }
    if (poster == 0) {
        poster = 1 + atomic_fetch_add(&posters, 1);
    }
    *record = (struct post_record){ loop, poster, ++post_number, 0, 0, 0 };
    int result = yolanda_loop_post(loop, on_post, record);
    CHECK(result == 0 || errno == ESHUTDOWN);
    /* Written behind the call, read when all threads have ended. */
    record->accepted = result == 0;
}

/* --- channels --------------------------------------------------------------- */

struct channel_record {
    struct channel *channel;
    struct loop_record *owner;
    int fd[2]; /* watched; the other end */
    int watched;
};
LIST(channel_record, channels, 400)

static int on_readable(void *data)
{
    char bytes[64];
    struct channel_record *record = data;
    CHECK(record->watched && record->owner->life == LIVE);
    while (record->watched && recv(record->fd[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
    act(record->owner->loop);
    return 0;
}

static int on_writable(void *data)
{
    struct channel_record *record = data;
    CHECK(record->watched && record->owner->life == LIVE);
    channel_write_event_disable(record->channel);
    event_loop_update_channel_event(record->owner->loop, record->fd[0], record->channel);
    act(record->owner->loop);
    return 0;
}

static void channel_start(void)
{
    struct loop_record *owner = any_loop();
    struct channel_record *record = owner == NULL || channels_full() ? NULL : channels_add();
    if (record == NULL) {
        return;
    }
    record->owner = owner;
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, record->fd) == 0);
    record->channel = channel_new(record->fd[0], EVENT_READ, on_readable, on_writable, record);
    NEED(record->channel != NULL);
    record->watched = 1;
    RETURNS(event_loop_add_channel_event(owner->loop, record->fd[0], record->channel), 0, 0);
}

static void channel_end(struct channel_record *record)
{
    if (!record->watched) {
        return;
    }
    record->watched = 0;
    if (record->owner->life == LIVE) {
        RETURNS(event_loop_remove_channel_event(record->owner->loop, record->fd[0], record->channel), 0, 0);
    }
    free(record->channel);
    close(record->fd[0]);
    close(record->fd[1]);
}

static void channel_change(void)
{
    struct channel_record *record = channels_any(6);
    if (record == NULL || !record->watched || record->owner->life != LIVE) {
        return;
    }
    switch (below(4)) {
    case 0:
        channel_end(record);
        break;
    case 1:
        channel_write_event_enable(record->channel);
        event_loop_update_channel_event(record->owner->loop, record->fd[0], record->channel);
        break;
    default:
        if (send(record->fd[1], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            channel_end(record);
        }
    }
}

/* --- threads with loops ----------------------------------------------------- */

static struct event_loop_thread looper;
static int looper_runs;

static void looper_change(void)
{
    static int made;
    if (!made) {
        NEED(event_loop_thread_init(&looper, 7) == 0);
        made = 1;
    }
    if (ending) {
        return;
    }
    if (!looper_runs) {
        looper_runs = event_loop_thread_start(&looper) != NULL;
        CHECK(looper_runs);
    } else if (one_in(4)) {
        looper_runs = 0;
        RETURNS(yolanda_loop_thread_stop(&looper), 0, 0);
    } else {
        post_to(looper.eventLoop);
    }
}

static struct thread_pool *pool;
static struct loop_record *pool_owner;

static void pool_change(void)
{
    if (pool != NULL && pool_owner->life != LIVE) {
        pool = NULL; /* it has gone with its loop */
    }
    if (pool == NULL) {
        pool_owner = any_loop();
        pool = pool_owner == NULL ? NULL : thread_pool_new(pool_owner->loop, (int)below(3));
        if (pool != NULL) {
            thread_pool_start(pool);
        }
    } else if (one_in(4)) {
        struct thread_pool *old = pool;
        pool = NULL;
        RETURNS(yolanda_thread_pool_free(old), 0, 0);
    } else {
        post_to(thread_pool_get_loop(pool));
    }
}

/* --- at the end ------------------------------------------------------------- */

static void check_loops(void)
{
    struct post_record *post;
    for EACH (posts, post) {
        CHECK(atomic_load(&post->called) == post->accepted);
        /* Not before what the same thread had posted there. */
        for (struct post_record *older = post; post->accepted && older-- > posts_list;) {
            if (older->poster == post->poster && older->loop == post->loop && older->accepted) {
                CHECK(older->turn < post->turn);
                break;
            }
        }
    }
}

#endif
