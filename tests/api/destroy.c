/* yolanda.h: the functions that free the data of callbacks. */
#include "aid.h"

#include "yolanda.h"

/* The data of a callback: how often it was called and destroyed, and how many calls are on the stack. */
struct thing {
    struct event_loop *loop;
    int calls, running, destroyed;
    yolanda_timer timer;
    yolanda_signal signal;
    int step; /* up to the case */
};

static void destroy(void *data)
{
    struct thing *thing = data;
    CHECK_INT(thing->running, 0);
    CHECK_INT(thing->destroyed, 0);
    thing->destroyed++;
    errno = 0;
    CHECK_INT(yolanda_loop_free(thing->loop), -1);
    CHECK_INT(errno, EBUSY);
}

static void other_destroy(void *data)
{
    (void)data;
    CHECK_TEXT("called", "replaced");
}

static void until(struct event_loop *loop, const int *count, int wanted)
{
    for (int i = 0; i < 100000 && *count < wanted; i++) {
        yolanda_loop_run_once(loop, 100);
    }
    CHECK_INT(*count, wanted);
}

static void start(struct thing *thing, struct event_loop *loop, int64_t delay, int64_t period,
                  yolanda_timer_callback callback)
{
    memset(thing, 0, sizeof *thing);
    thing->loop = loop;
    thing->timer = yolanda_timer_start(loop, delay, period, callback, thing);
    NEED(thing->timer != 0);
    CHECK_INT(yolanda_timer_set_destroy(loop, thing->timer, destroy), 0);
}

static void is_gone(const struct thing *thing)
{
    CHECK_INT(thing->destroyed, 1);
    errno = 0;
    CHECK_INT(yolanda_timer_stop(thing->loop, thing->timer), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_timer_set_destroy(thing->loop, thing->timer, destroy), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(thing->destroyed, 1);
}

static void count(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct thing *thing = data;
    (void)loop;
    CHECK(thing->timer == timer);
    CHECK_INT(thing->destroyed, 0);
    thing->calls++;
}

CASE(a_timer_that_is_stopped_or_was_called)
{
    struct event_loop *loop = event_loop_init();
    struct thing stopped, once, periodic;
    start(&stopped, loop, 60000, 0, count);
    start(&once, loop, 0, 0, count);
    start(&periodic, loop, 1, 1, count);
    CHECK_INT(yolanda_timer_stop(loop, stopped.timer), 0);
    is_gone(&stopped);
    until(loop, &once.calls, 1);
    is_gone(&once);
    until(loop, &periodic.calls, 3);
    CHECK_INT(periodic.destroyed, 0);
    CHECK_INT(yolanda_timer_restart(loop, periodic.timer, 60000, 60000), 0);
    CHECK_INT(periodic.destroyed, 0);
    CHECK_INT(yolanda_timer_stop(loop, periodic.timer), 0);
    is_gone(&periodic);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(stopped.calls + stopped.destroyed, 1);
    CHECK_INT(once.destroyed + periodic.destroyed, 2);
}

CASE(timers_of_a_loop_that_is_freed)
{
    struct event_loop *loop = event_loop_init();
    static struct thing things[100];
    for (int i = 0; i < 100; i++) {
        start(&things[i], loop, i % 2 ? 60000 : 0, i % 3, count);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(things[i].destroyed, 1);
        CHECK_INT(things[i].calls, 0);
    }
}

CASE(the_last_function_set_is_called)
{
    struct event_loop *loop = event_loop_init();
    struct thing replaced, removed;
    start(&replaced, loop, 60000, 0, count);
    CHECK_INT(yolanda_timer_set_destroy(loop, replaced.timer, other_destroy), 0);
    CHECK_INT(yolanda_timer_set_destroy(loop, replaced.timer, destroy), 0);
    CHECK_INT(yolanda_timer_stop(loop, replaced.timer), 0);
    is_gone(&replaced);
    start(&removed, loop, 60000, 0, count);
    CHECK_INT(yolanda_timer_set_destroy(loop, removed.timer, NULL), 0);
    CHECK_INT(yolanda_timer_stop(loop, removed.timer), 0);
    CHECK_INT(removed.destroyed, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(removed.destroyed, 0);
}

enum { RETURN, STOP, RESTART, STOP_LATER, SET_INSIDE, STEPS };

static void inside(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct thing *thing = data, fresh;
    CHECK(thing->timer == timer);
    CHECK_INT(thing->destroyed, 0);
    thing->running++;
    thing->calls++;
    if (thing->step == STOP) {
        CHECK_INT(yolanda_timer_stop(loop, timer), 0);
        errno = 0;
        CHECK_INT(yolanda_timer_set_destroy(loop, timer, other_destroy), -1);
        CHECK_INT(errno, ENOENT);
        /* Timers that are started now have nothing to do with this one. */
        start(&fresh, loop, 60000, 0, count);
        CHECK_INT(yolanda_timer_stop(loop, fresh.timer), 0);
        is_gone(&fresh);
        CHECK_INT(yolanda_timer_stop(loop, timer), -1);
    } else if (thing->step == RESTART && thing->calls < 3) {
        CHECK_INT(yolanda_timer_restart(loop, timer, 0, 0), 0);
    } else if (thing->step == STOP_LATER && thing->calls == 2) {
        CHECK_INT(yolanda_timer_stop(loop, timer), 0);
    } else if (thing->step == SET_INSIDE) {
        CHECK_INT(yolanda_timer_set_destroy(loop, timer, destroy), 0);
    }
    CHECK_INT(thing->destroyed, 0);
    thing->running--;
}

CASE(a_timer_that_ends_in_its_callback)
{
    struct event_loop *loop = event_loop_init();
    static const int calls[STEPS] = { 1, 1, 3, 2, 1 };
    for (int period = 0; period < 2; period++) {
        for (int step = period ? STOP : RETURN; step < STEPS; step++) {
            struct thing thing;
            if (period != (step == STOP || step == STOP_LATER)) {
                continue;
            }
            start(&thing, loop, 0, period, inside);
            thing.step = step;
            if (step == SET_INSIDE) {
                CHECK_INT(yolanda_timer_set_destroy(loop, thing.timer, NULL), 0);
            }
            until(loop, &thing.calls, calls[step]);
            is_gone(&thing);
        }
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

enum { INNER_ENDS, INNER_STOPS, OUTER_STOPS, STOPPED_BEFORE, NESTED };

/* Calls itself again, by a nested run. `destroy` checks that none of the two is on the stack. */
static void nested(struct event_loop *loop, yolanda_timer timer, void *data)
{
    struct thing *thing = data, fresh;
    thing->running++;
    thing->calls++;
    if (thing->calls == 1) {
        if (thing->step == STOPPED_BEFORE) {
            CHECK_INT(yolanda_timer_stop(loop, timer), 0);
        } else {
            CHECK_INT(yolanda_timer_restart(loop, timer, 0, thing->step == OUTER_STOPS ? 60000 : 0), 0);
        }
        start(&fresh, loop, 0, 0, count);
        until(loop, &fresh.calls, 1);
        is_gone(&fresh);
        CHECK_INT(thing->calls, thing->step == STOPPED_BEFORE ? 1 : 2);
        CHECK_INT(thing->destroyed, 0);
        CHECK_INT(yolanda_timer_stop(loop, timer), thing->step == OUTER_STOPS ? 0 : -1);
        CHECK_INT(thing->destroyed, 0);
        /* Started with the old one's frame still there: called only for itself. */
        start(&fresh, loop, 0, 0, count);
        until(loop, &fresh.calls, 1);
        is_gone(&fresh);
    } else if (thing->step == INNER_STOPS) {
        CHECK_INT(yolanda_timer_stop(loop, timer), 0);
    }
    CHECK_INT(thing->destroyed, 0);
    thing->running--;
}

CASE(a_timer_that_ends_in_a_nested_run)
{
    struct event_loop *loop = event_loop_init();
    for (int step = 0; step < NESTED; step++) {
        struct thing thing;
        start(&thing, loop, 0, 0, nested);
        thing.step = step;
        until(loop, &thing.destroyed, 1);
        CHECK_INT(thing.calls, step == STOPPED_BEFORE ? 1 : 2);
        is_gone(&thing);
    }
    CHECK_INT(yolanda_loop_run_once(loop, 20), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static struct thing first, second;
static int posted;

static void on_post(struct event_loop *loop, void *data)
{
    (void)loop;
    (void)data;
    posted++;
}

/* Uses the library: ends another timer, starts one, posts. */
static void busy_destroy(void *data)
{
    struct thing *thing = data, fresh = { 0 };
    destroy(data);
    if (second.destroyed == 0) {
        CHECK_INT(yolanda_timer_stop(thing->loop, second.timer), 0);
        CHECK_INT(second.destroyed, 1);
    }
    fresh.timer = yolanda_timer_start(thing->loop, 60000, 0, count, &fresh);
    CHECK(fresh.timer != 0);
    errno = 0;
    int set = yolanda_timer_set_destroy(thing->loop, fresh.timer, other_destroy);
    CHECK_INT(set, thing->step ? -1 : 0);
    CHECK_INT(errno, thing->step ? ESHUTDOWN : 0);
    CHECK_INT(yolanda_timer_set_destroy(thing->loop, fresh.timer, NULL), set);
    CHECK_INT(yolanda_loop_post(thing->loop, on_post, NULL), 0);
}

CASE(a_function_that_uses_the_library)
{
    for (int freeing = 0; freeing < 2; freeing++) {
        struct event_loop *loop = event_loop_init();
        start(&first, loop, 60000, 0, count);
        start(&second, loop, 60000, 60000, count);
        CHECK_INT(yolanda_timer_set_destroy(loop, first.timer, busy_destroy), 0);
        first.step = freeing;
        if (!freeing) {
            CHECK_INT(yolanda_timer_stop(loop, first.timer), 0);
            is_gone(&first);
            is_gone(&second);
            until(loop, &posted, 1);
        }
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_INT(first.destroyed, 1);
        CHECK_INT(second.destroyed, 1);
        CHECK_INT(posted, 1 + freeing);
    }
}

static void on_signal(struct event_loop *loop, int number, void *data)
{
    struct thing *thing = data;
    (void)number;
    CHECK_INT(thing->destroyed, 0);
    thing->running++;
    thing->calls++;
    if (thing->step == STOP) {
        CHECK_INT(yolanda_signal_stop(loop, thing->signal), 0);
        errno = 0;
        CHECK_INT(yolanda_signal_set_destroy(loop, thing->signal, other_destroy), -1);
        CHECK_INT(errno, ENOENT);
    } else if (thing->step == STOP_LATER) {
        /* Another signal, which an inner run delivers to the same watcher. */
        thing->step = STOP;
        raise(SIGUSR1);
        until(loop, &thing->calls, 2);
        CHECK_INT(yolanda_signal_stop(loop, thing->signal), -1);
    }
    CHECK_INT(thing->destroyed, 0);
    thing->running--;
}

static void watch_signal(struct thing *thing, struct event_loop *loop, int step)
{
    memset(thing, 0, sizeof *thing);
    thing->loop = loop;
    thing->step = step;
    thing->signal = yolanda_signal_start(loop, SIGUSR1, on_signal, thing);
    NEED(thing->signal != 0);
    CHECK_INT(yolanda_signal_set_destroy(loop, thing->signal, destroy), 0);
}

CASE(watchers_that_are_stopped)
{
    struct event_loop *loop = event_loop_init();
    struct thing stopped, itself, in_nested, kept, removed, replaced;
    watch_signal(&stopped, loop, RETURN);
    watch_signal(&itself, loop, STOP);
    watch_signal(&in_nested, loop, STOP_LATER);
    watch_signal(&kept, loop, RETURN);
    watch_signal(&removed, loop, STOP);
    CHECK_INT(yolanda_signal_set_destroy(loop, removed.signal, NULL), 0);
    watch_signal(&replaced, loop, STOP);
    CHECK_INT(yolanda_signal_set_destroy(loop, replaced.signal, other_destroy), 0);
    CHECK_INT(yolanda_signal_set_destroy(loop, replaced.signal, destroy), 0);
    CHECK_INT(yolanda_signal_stop(loop, stopped.signal), 0);
    CHECK_INT(stopped.destroyed, 1);
    CHECK_INT(yolanda_signal_stop(loop, stopped.signal), -1);
    raise(SIGUSR1);
    until(loop, &replaced.calls, 1);
    CHECK_INT(itself.destroyed, 1);
    CHECK_INT(in_nested.destroyed, 1);
    CHECK_INT(in_nested.calls, 2);
    CHECK_INT(replaced.destroyed, 1);
    CHECK_INT(kept.destroyed + removed.destroyed, 0);
    int calls = kept.calls;
    raise(SIGUSR1);
    until(loop, &kept.calls, calls + 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(stopped.destroyed + itself.destroyed + in_nested.destroyed, 3);
    CHECK_INT(kept.destroyed + replaced.destroyed, 2);
    CHECK_INT(stopped.calls + removed.destroyed, 0);
}

static struct thing next;

/* Stops another watcher, and starts one. */
static void signal_destroy(void *data)
{
    struct thing *thing = data;
    destroy(data);
    if (second.destroyed == 0) {
        CHECK_INT(yolanda_signal_stop(thing->loop, second.signal), 0);
        CHECK_INT(second.destroyed, 1);
    }
    if (thing->step == RETURN) {
        watch_signal(&next, thing->loop, RETURN);
    } else {
        CHECK(yolanda_signal_start(thing->loop, SIGUSR1, on_signal, &next) != 0);
    }
}

CASE(the_end_of_a_watcher_starts_and_stops_others)
{
    for (int step = RETURN; step <= STOP; step++) {
        struct event_loop *loop = event_loop_init();
        watch_signal(&first, loop, step);
        watch_signal(&second, loop, RETURN);
        CHECK_INT(yolanda_signal_set_destroy(loop, first.signal, signal_destroy), 0);
        if (step == RETURN) {
            CHECK_INT(yolanda_signal_stop(loop, first.signal), 0);
            CHECK_INT(second.destroyed, 1);
            raise(SIGUSR1);
            until(loop, &next.calls, 1);
        }
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_INT(first.destroyed, 1);
        CHECK_INT(second.destroyed, 1);
        CHECK_INT(next.destroyed, 1);
    }
}

static void on_thing(struct event_loop *loop, void *data)
{
    struct thing *thing = data;
    CHECK(thing->loop == loop);
    CHECK_INT(thing->destroyed, 0);
    thing->running++;
    thing->calls++;
    if (thing->step == RESTART) {
        /* The inner run calls what was posted after it. */
        until(loop, &first.destroyed, 1);
    }
    CHECK_INT(thing->destroyed, 0);
    thing->running--;
}

CASE(posted_functions)
{
    struct event_loop *loop = event_loop_init();
    struct thing outer = { .loop = loop, .step = RESTART };
    first = second = (struct thing){ .loop = loop };
    CHECK_INT(yolanda_loop_post_with_destroy(loop, on_thing, &outer, destroy), 0);
    CHECK_INT(yolanda_loop_post_with_destroy(loop, on_thing, &first, destroy), 0);
    CHECK_INT(outer.calls + first.calls, 0);
    until(loop, &outer.destroyed, 1);
    CHECK_INT(outer.calls, 1);
    CHECK_INT(first.calls, 1);
    CHECK_INT(first.destroyed, 1);
    CHECK_INT(yolanda_loop_post_with_destroy(loop, on_thing, &second, NULL), 0);
    until(loop, &second.calls, 1);
    CHECK_INT(second.destroyed, 0);
    /* The loop's end calls what is left. */
    second = (struct thing){ .loop = loop };
    CHECK_INT(yolanda_loop_post_with_destroy(loop, on_thing, &second, destroy), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(second.calls, 1);
    CHECK_INT(second.destroyed, 1);
    CHECK_INT(outer.destroyed + first.destroyed, 2);
}

enum { POSTS = 1000 };

static struct thing things[POSTS];
static int refused;

/* Posts until the loop refuses it; the last data is its own again. */
static void *post_all(void *data)
{
    struct event_loop *loop = data;
    for (int i = 0; i < POSTS; i++) {
        if (yolanda_loop_post_with_destroy(loop, on_thing, &things[i], destroy) < 0) {
            refused++;
        }
    }
    return NULL;
}

CASE(posts_of_another_thread)
{
    struct event_loop *loop = event_loop_init();
    pthread_t thread;
    for (int i = 0; i < POSTS; i++) {
        things[i].loop = loop;
    }
    NEED(pthread_create(&thread, NULL, post_all, loop) == 0);
    until(loop, &things[POSTS - 1].destroyed, 1);
    NEED(pthread_join(thread, NULL) == 0);
    CHECK_INT(refused, 0);
    for (int i = 0; i < POSTS; i++) {
        CHECK_INT(things[i].calls, 1);
        CHECK_INT(things[i].destroyed, 1);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Called at the end of the loop: what is posted in it by another thread is refused. */
static void refuse(struct event_loop *loop, void *data)
{
    pthread_t thread;
    (void)data;
    NEED(pthread_create(&thread, NULL, post_all, loop) == 0);
    NEED(pthread_join(thread, NULL) == 0);
}

CASE(a_post_that_fails)
{
    struct event_loop *loop = event_loop_init();
    struct thing thing = { .loop = loop };
    errno = 0;
    CHECK_INT(yolanda_loop_post_with_destroy(loop, NULL, &thing, destroy), -1);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(yolanda_loop_post_with_destroy(NULL, on_thing, &thing, destroy), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_loop_post(loop, refuse, NULL), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(refused, POSTS);
    CHECK_INT(thing.calls + thing.destroyed, 0);
    for (int i = 0; i < POSTS; i++) {
        CHECK_INT(things[i].calls + things[i].destroyed, 0);
    }
}

static struct yolanda_client *client;

static struct yolanda_client *new_client(struct event_loop *loop)
{
    /* Nobody listens there, so every attempt fails. */
    struct yolanda_client *made = yolanda_client_new(loop, own_address(), NULL, NULL, NULL, NULL);
    NEED(made != NULL);
    return made;
}

enum { FREE_IT = STEPS, REPLACE, REPLACE_TWICE };

static void on_failed(struct yolanda_client *it, int error, void *data)
{
    struct thing *thing = data;
    CHECK(error != 0);
    CHECK_INT(thing->destroyed, 0);
    thing->running++;
    thing->calls++;
    if (thing->step == FREE_IT) {
        CHECK_INT(yolanda_client_free(it), 0);
    } else if (thing->step == REPLACE) {
        CHECK_INT(yolanda_client_set_failed_callback(it, NULL, NULL), 0);
    } else if (thing->step == REPLACE_TWICE) {
        CHECK_INT(yolanda_client_set_failed_callback_with_destroy(it, on_failed, &second, destroy), 0);
        CHECK_INT(second.destroyed, 0);
        CHECK_INT(yolanda_client_set_failed_callback_with_destroy(it, on_failed, &next, destroy), 0);
        CHECK_INT(second.destroyed, 1);
        CHECK_INT(yolanda_client_start(it), 0);
        until(thing->loop, &next.calls, 1);
    }
    CHECK_INT(thing->destroyed, 0);
    thing->running--;
}

static void set_failed(struct thing *thing, int step)
{
    thing->step = step;
    CHECK_INT(yolanda_client_set_failed_callback_with_destroy(client, on_failed, thing, destroy), 0);
}

CASE(the_failed_callback_of_a_client)
{
    struct event_loop *loop = event_loop_init();
    struct thing replaced = { .loop = loop }, again = replaced, freed = replaced, itself = replaced;
    client = new_client(loop);
    set_failed(&replaced, RETURN);
    set_failed(&again, REPLACE);
    CHECK_INT(replaced.destroyed, 1);
    CHECK_INT(yolanda_client_start(client), 0);
    until(loop, &again.destroyed, 1);
    CHECK_INT(again.calls, 1);
    set_failed(&freed, RETURN);
    CHECK_INT(yolanda_client_start(client), 0);
    until(loop, &freed.calls, 1);
    CHECK_INT(freed.destroyed, 0);
    CHECK_INT(yolanda_client_free(client), 0);
    CHECK_INT(freed.destroyed, 1);
    client = new_client(loop);
    set_failed(&itself, FREE_IT);
    CHECK_INT(yolanda_client_start(client), 0);
    until(loop, &itself.destroyed, 1);
    CHECK_INT(itself.calls, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(replaced.destroyed + again.destroyed + freed.destroyed + itself.destroyed, 4);
}

CASE(a_failed_callback_that_is_replaced_in_it)
{
    struct event_loop *loop = event_loop_init();
    first = second = next = (struct thing){ .loop = loop };
    client = new_client(loop);
    set_failed(&first, REPLACE_TWICE);
    CHECK_INT(yolanda_client_start(client), 0);
    until(loop, &first.destroyed, 1);
    CHECK_INT(first.calls, 1);
    CHECK_INT(next.destroyed, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(first.destroyed, 1);
    CHECK_INT(second.destroyed, 1);
    CHECK_INT(next.destroyed, 1);
}

static void freeing_destroy(void *data)
{
    destroy(data);
    CHECK_INT(yolanda_client_free(client), 0);
}

CASE(data_that_frees_its_client)
{
    struct event_loop *loop = event_loop_init();
    first = second = (struct thing){ .loop = loop };
    client = new_client(loop);
    CHECK_INT(yolanda_client_set_failed_callback_with_destroy(client, on_failed, &first, freeing_destroy), 0);
    set_failed(&second, RETURN);
    CHECK_INT(first.destroyed, 1);
    CHECK_INT(second.destroyed, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* Replaces the callback, makes a client. */
static void client_destroy(void *data)
{
    struct thing *thing = data;
    destroy(data);
    struct yolanda_client *fresh = new_client(thing->loop);
    errno = 0;
    int set = yolanda_client_set_failed_callback_with_destroy(fresh, on_failed, &second, destroy);
    CHECK_INT(set, thing->step ? -1 : 0);
    CHECK_INT(errno, thing->step ? ESHUTDOWN : 0);
    CHECK_INT(yolanda_client_set_failed_callback(client, NULL, NULL), thing->step ? -1 : 0);
}

CASE(data_of_a_client_that_uses_the_library_at_its_end)
{
    for (int freeing = 0; freeing < 2; freeing++) {
        struct event_loop *loop = event_loop_init();
        first = second = (struct thing){ .loop = loop, .step = freeing };
        client = new_client(loop);
        CHECK_INT(yolanda_client_set_failed_callback_with_destroy(client, on_failed, &first, client_destroy), 0);
        if (freeing) {
            client = NULL;
        } else {
            CHECK_INT(yolanda_client_set_failed_callback_with_destroy(client, NULL, NULL, NULL), 0);
            CHECK_INT(first.destroyed, 1);
        }
        CHECK_INT(yolanda_loop_free(loop), 0);
        CHECK_INT(first.destroyed, 1);
        CHECK_INT(second.destroyed, !freeing);
    }
}

static void *set_elsewhere(void *data)
{
    struct thing *thing = data;
    errno = 0;
    CHECK_INT(yolanda_timer_set_destroy(thing->loop, thing->timer, other_destroy), -1);
    CHECK_INT(errno, EPERM);
    errno = 0;
    CHECK_INT(yolanda_signal_set_destroy(thing->loop, thing->signal, other_destroy), -1);
    CHECK_INT(errno, EPERM);
    errno = 0;
    CHECK_INT(yolanda_client_set_failed_callback_with_destroy(client, on_failed, thing, other_destroy), -1);
    CHECK_INT(errno, EPERM);
    return NULL;
}

CASE(bad_arguments)
{
    struct event_loop *loop = event_loop_init();
    struct thing thing;
    pthread_t thread;
    start(&thing, loop, 60000, 0, count);
    errno = 0;
    CHECK_INT(yolanda_timer_set_destroy(NULL, thing.timer, destroy), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_timer_set_destroy(loop, 0, destroy), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_signal_set_destroy(NULL, 1, destroy), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_signal_set_destroy(loop, 0, destroy), -1);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(yolanda_client_set_failed_callback_with_destroy(NULL, on_failed, &thing, destroy), -1);
    CHECK_INT(errno, EINVAL);
    client = new_client(loop);
    NEED(pthread_create(&thread, NULL, set_elsewhere, &thing) == 0);
    NEED(pthread_join(thread, NULL) == 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(thing.destroyed, 1);
}
