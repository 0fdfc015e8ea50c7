/* yolanda_loop_set_interruptible(): a signal ends a run. */
#include "aid.h"

#include "lib/thread_pool.h"
#include "yolanda.h"

#include <sys/time.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

/* An alarm every 20 ms: one that comes between two waits is followed by another. */
static void start_alarms(void)
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
    NEED(sigaction(SIGALRM, &action, NULL) == 0);
    NEED(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static struct event_loop *interruptible(void)
{
    struct event_loop *loop = event_loop_init();
    NEED(loop != NULL);
    CHECK_INT(yolanda_loop_set_interruptible(loop, 1), 0);
    return loop;
}

CASE(a_signal_ends_event_loop_run)
{
    struct event_loop *loop = interruptible();
    start_alarms();
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK_INT(event_loop_run(loop), -1);
        CHECK_INT(errno, EINTR);
    }
    CHECK(alarms >= 3);
    CHECK_INT(loop->quit, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_signal_ends_run_once)
{
    struct event_loop *loop = interruptible();
    start_alarms();
    errno = 0;
    CHECK_INT(yolanda_loop_run_once(loop, -1), -1);
    CHECK_INT(errno, EINTR);
    errno = 0;
    CHECK_INT(yolanda_loop_run_once(loop, 100000), -1);
    CHECK_INT(errno, EINTR);
    /* It doesn't wait: there is nothing to interrupt. */
    CHECK_INT(yolanda_loop_run_once(loop, 0), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void quit_after_three(struct event_loop *loop, yolanda_timer timer, void *data)
{
    (void)timer, (void)data;
    if (alarms >= 3) {
        yolanda_loop_quit(loop);
    }
}

CASE(by_default_it_waits_again)
{
    struct event_loop *loop = event_loop_init();
    start_alarms();
    CHECK(yolanda_timer_start(loop, 1, 1, quit_after_three, NULL) != 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK(alarms >= 3);
    loop->quit = 0;
    alarms = 0;
    CHECK_INT(yolanda_loop_set_interruptible(loop, 1), 0);
    CHECK_INT(yolanda_loop_set_interruptible(loop, 0), 0);
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void run_inside(struct event_loop *loop, void *data)
{
    CHECK_INT(yolanda_loop_run_once(loop, -1), -1);
    CHECK_INT(errno, EINTR);
    *(int *)data = 1;
    yolanda_loop_quit(loop);
}

CASE(only_the_run_that_waited_ends)
{
    struct event_loop *loop = interruptible();
    int done = 0;
    /* Posted before the alarms: the outer run doesn't wait before it calls this. */
    CHECK_INT(yolanda_loop_post(loop, run_inside, &done), 0);
    start_alarms();
    CHECK_INT(event_loop_run(loop), 0);
    CHECK_INT(done, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static int seen;

static void on_signal(struct event_loop *loop, int number, void *data)
{
    (void)loop, (void)data;
    CHECK_INT(number, SIGALRM);
    seen++;
}

CASE(watchers_are_called_before_the_run_ends)
{
    struct event_loop *loop = interruptible();
    CHECK(yolanda_signal_start(loop, SIGALRM, on_signal, NULL) != 0);
    struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
    NEED(setitimer(ITIMER_REAL, &every, NULL) == 0);
    while (event_loop_run(loop) == 0 || errno != EINTR) {
        CHECK(!"ended without a signal");
    }
    CHECK(seen >= 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static sem_t done;

static void make_interruptible(struct event_loop *loop, void *data)
{
    *(pthread_t *)data = pthread_self();
    CHECK_INT(yolanda_loop_set_interruptible(loop, 1), 0);
    CHECK_INT(sem_post(&done), 0);
}

static void say_done(struct event_loop *loop, void *data)
{
    (void)loop, (void)data;
    CHECK_INT(sem_post(&done), 0);
}

CASE(a_thread_of_the_library_goes_on)
{
    struct event_loop *loop = event_loop_init();
    struct thread_pool *pool = thread_pool_new(loop, 1);
    thread_pool_start(pool);
    struct event_loop *its = thread_pool_get_loop(pool);
    pthread_t thread;
    struct sigaction action = { .sa_handler = on_alarm };
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    NEED(sem_init(&done, 0, 0) == 0);
    CHECK_INT(yolanda_loop_post(its, make_interruptible, &thread), 0);
    CHECK_INT(sem_wait(&done), 0);
    for (int i = 1; i <= 20; i++) {
        CHECK_INT(pthread_kill(thread, SIGUSR1), 0);
        while (alarms < i) {
            nap();
        }
        CHECK_INT(yolanda_loop_post(its, say_done, NULL), 0);
        while (sem_wait(&done) != 0) {
        }
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void set_it(void *loop)
{
    CHECK_INT(yolanda_loop_set_interruptible(loop, 1), -1);
    CHECK_INT(errno, EPERM);
}

CASE(bad_arguments)
{
    struct event_loop *loop = event_loop_init();
    CHECK_INT(yolanda_loop_set_interruptible(NULL, 1), -1);
    CHECK_INT(errno, EINVAL);
    on_thread(set_it, loop);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
