/* yolanda.h: signals as callbacks. */
#include "aid.h"

#include "lib/utils.h"
#include "yolanda.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>

struct seen {
    int calls, last, order;
};

static atomic_int order;

static void on_signal(struct event_loop *loop, int number, void *data)
{
    struct seen *seen = data;
    NEED(isInSameThread(loop));
    seen->calls++;
    seen->last = number;
    seen->order = ++order;
}

static void until(struct event_loop *loop, const int *count, int wanted)
{
    for (int i = 0; i < 1000 && *count < wanted; i++) {
        yolanda_loop_run_once(loop, 1000);
    }
    CHECK_INT(*count, wanted);
}

CASE(signals_that_the_process_raises)
{
    struct event_loop *loop = event_loop_init();
    int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGPIPE, SIGRTMIN,
                      SIGRTMAX };
    enum { COUNT = sizeof numbers / sizeof *numbers };
    struct seen seen[COUNT] = { 0 };
    for (int i = 0; i < COUNT; i++) {
        CHECK(yolanda_signal_start(loop, numbers[i], on_signal, &seen[i]) != 0);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(raise(numbers[i]), 0);
        CHECK_INT(seen[i].calls, 0);
        until(loop, &seen[i].calls, 1);
        CHECK_INT(seen[i].last, numbers[i]);
    }
    /* All at once, in one pass or some; none twice. */
    for (int i = 0; i < COUNT; i++) {
        raise(numbers[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        until(loop, &seen[i].calls, 2);
    }
    CHECK_INT(yolanda_loop_run_once(loop, 10), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void kill_parent(void *data)
{
    (void)data;
    kill(getppid(), SIGTERM);
}

static void quit_on(struct event_loop *loop, int number, void *data)
{
    on_signal(loop, number, data);
    yolanda_loop_quit(loop);
}

CASE(a_waiting_loop_is_woken)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    CHECK(yolanda_signal_start(loop, SIGTERM, quit_on, &seen) != 0);
    for (int i = 1; i <= 20; i++) {
        loop->quit = 0;
        pid_t pid = fork();
        if (pid == 0) {
            kill_parent(NULL);
            _exit(0);
        }
        CHECK_INT(event_loop_run(loop), 0);
        CHECK_INT(seen.calls, i);
        waitpid(pid, NULL, 0);
    }
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(several_watchers_in_their_order)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen[5] = { 0 };
    yolanda_signal watchers[5];
    for (int i = 0; i < 5; i++) {
        watchers[i] = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen[i]);
        CHECK(watchers[i] != 0);
        for (int j = 0; j < i; j++) {
            CHECK(watchers[i] != watchers[j]);
        }
    }
    raise(SIGUSR1);
    until(loop, &seen[4].calls, 1);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(seen[i].calls, 1);
        CHECK_INT(seen[i].order, i + 1);
    }
    CHECK_INT(yolanda_signal_stop(loop, watchers[2]), 0);
    raise(SIGUSR1);
    until(loop, &seen[4].calls, 2);
    CHECK_INT(seen[2].calls, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static yolanda_signal mine, others, later;
static struct seen late;

static void stop_all(struct event_loop *loop, int number, void *data)
{
    on_signal(loop, number, data);
    CHECK_INT(yolanda_signal_stop(loop, mine), 0);
    CHECK_INT(yolanda_signal_stop(loop, others), 0);
    errno = 0;
    CHECK_INT(yolanda_signal_stop(loop, mine), -1);
    CHECK_INT(errno, ENOENT);
    later = yolanda_signal_start(loop, number, on_signal, &late);
    CHECK(later != 0);
}

CASE(stopping_and_starting_in_a_callback)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen[3] = { 0 };
    mine = yolanda_signal_start(loop, SIGUSR1, stop_all, &seen[0]);
    others = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen[1]);
    yolanda_signal rest = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen[2]);
    raise(SIGUSR1);
    until(loop, &seen[2].calls, 1);
    CHECK_INT(seen[0].calls, 1);
    CHECK_INT(seen[1].calls, 0);
    /* The new one waits for the next signal. */
    CHECK_INT(late.calls, 0);
    CHECK_INT(yolanda_signal_stop(loop, rest), 0);
    raise(SIGUSR1);
    until(loop, &late.calls, 1);
    CHECK_INT(seen[2].calls, 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(one_that_is_stopped_after_its_signal_came)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen[2] = { 0 };
    yolanda_signal watcher = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen[0]);
    raise(SIGUSR1);
    CHECK_INT(yolanda_signal_stop(loop, watcher), 0);
    /* It had come before this one was started. */
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, &seen[1]) != 0);
    CHECK_INT(yolanda_loop_run_once(loop, 10), 0);
    CHECK_INT(seen[0].calls + seen[1].calls, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static atomic_int handled;

static void own_handler(int number)
{
    (void)number;
    handled++;
}

static void after(int number, void *handler)
{
    struct sigaction now;
    CHECK_INT(sigaction(number, NULL, &now), 0);
    CHECK((void *)now.sa_handler == handler);
}

CASE(the_programs_own_handling_comes_back)
{
    struct event_loop *loop = event_loop_init();
    struct event_loop *second = event_loop_init();
    struct seen seen = { 0 };
    struct sigaction own = { .sa_handler = own_handler, .sa_flags = SA_NODEFER };
    CHECK_INT(sigaction(SIGUSR1, &own, NULL), 0);
    NEED(signal(SIGUSR2, SIG_IGN) != SIG_ERR);

    yolanda_signal one = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen);
    yolanda_signal two = yolanda_signal_start(second, SIGUSR1, on_signal, &seen);
    yolanda_signal ignored = yolanda_signal_start(loop, SIGUSR2, on_signal, &seen);
    yolanda_signal usual = yolanda_signal_start(loop, SIGTERM, on_signal, &seen);
    CHECK(one != 0 && two != 0 && ignored != 0 && usual != 0);
    raise(SIGUSR1);
    CHECK_INT(handled, 0);
    CHECK_INT(yolanda_signal_stop(loop, one), 0);
    raise(SIGUSR1);
    CHECK_INT(handled, 0);
    CHECK_INT(yolanda_signal_stop(second, two), 0);
    raise(SIGUSR1);
    CHECK_INT(handled, 1);
    struct sigaction now;
    CHECK_INT(sigaction(SIGUSR1, NULL, &now), 0);
    CHECK((now.sa_flags & SA_NODEFER) != 0);

    CHECK_INT(yolanda_signal_stop(loop, ignored), 0);
    after(SIGUSR2, (void *)SIG_IGN);
    /* With its loop a watcher goes as well. */
    CHECK_INT(yolanda_loop_free(loop), 0);
    after(SIGTERM, (void *)SIG_DFL);
    CHECK_INT(yolanda_loop_free(second), 0);
}

CASE(a_handler_that_the_program_put_in_later_stays)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    yolanda_signal watcher = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen);
    NEED(signal(SIGUSR1, own_handler) != SIG_ERR);
    raise(SIGUSR1);
    CHECK_INT(handled, 1);
    CHECK_INT(yolanda_loop_run_once(loop, 10), 0);
    CHECK_INT(yolanda_signal_stop(loop, watcher), 0);
    after(SIGUSR1, (void *)own_handler);
    /* Starting takes the signal over again, and stopping gives it back. */
    watcher = yolanda_signal_start(loop, SIGUSR1, on_signal, &seen);
    raise(SIGUSR1);
    CHECK_INT(handled, 1);
    until(loop, &seen.calls, 1);
    CHECK_INT(yolanda_signal_stop(loop, watcher), 0);
    after(SIGUSR1, (void *)own_handler);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

struct listener {
    struct event_loop *loop;
    struct seen seen;
    sem_t ready;
};

static void listen_there(void *data)
{
    struct listener *listener = data;
    listener->loop = event_loop_init();
    CHECK(yolanda_signal_start(listener->loop, SIGUSR1, quit_on, &listener->seen) != 0);
    sem_post(&listener->ready);
    CHECK_INT(event_loop_run(listener->loop), 0);
    CHECK_INT(listener->seen.calls, 1);
    CHECK_INT(yolanda_loop_free(listener->loop), 0);
}

CASE(loops_of_several_threads)
{
    enum { COUNT = 8 };
    static struct listener listeners[COUNT];
    pthread_t threads[COUNT];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++) {
            memset(&listeners[i], 0, sizeof listeners[i]);
            sem_init(&listeners[i].ready, 0, 0);
            threads[i] = start_thread(listen_there, &listeners[i]);
        }
        for (int i = 0; i < COUNT; i++) {
            while (sem_wait(&listeners[i].ready) < 0) {
            }
        }
        kill(getpid(), SIGUSR1);
        for (int i = 0; i < COUNT; i++) {
            join(threads[i]);
        }
    }
}

static void storm(void *data)
{
    (void)data;
    for (int i = 0; i < 20000; i++) {
        kill(getpid(), SIGUSR1);
    }
}

static void ignore_call(struct event_loop *loop, int number, void *data)
{
    (void)loop;
    (void)number;
    ++*(int *)data;
}

/* Loops come and go while the handler is at work. */
static void come_and_go(void *data)
{
    (void)data;
    for (int i = 0; i < 300; i++) {
        struct event_loop *loop = event_loop_init();
        int count = 0;
        CHECK(yolanda_signal_start(loop, SIGUSR1, ignore_call, &count) != 0);
        yolanda_loop_run_once(loop, 0);
        CHECK_INT(yolanda_loop_free(loop), 0);
    }
}

CASE(a_storm_of_signals)
{
    struct event_loop *loop = event_loop_init();
    int count = 0;
    CHECK(yolanda_signal_start(loop, SIGUSR1, ignore_call, &count) != 0);
    pthread_t stormy = start_thread(storm, NULL), busy = start_thread(come_and_go, NULL);
    for (int i = 0; i < 1000; i++) {
        yolanda_loop_run_once(loop, 0);
    }
    join(stormy);
    join(busy);
    while (yolanda_loop_run_once(loop, 0) > 0) {
    }
    CHECK(count > 0);
    /* The last one isn't lost. */
    int before = count;
    kill(getpid(), SIGUSR1);
    until(loop, &count, before + 1);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

/* A coroutine's stack that is almost used up when the signal comes. */
static void raise_near_the_end_of_the_stack(void)
{
    char *here = __builtin_frame_address(0);
    long page = getpagesize();
    size_t left = (size_t)((unsigned long)here % page);
    volatile char *rest = __builtin_alloca(left - 512);
    rest[0] = 0;
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
}

CASE(a_thread_with_a_small_stack)
{
    if (SANITIZED) {
        return; /* its handlers need more than this has */
    }
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, &seen) != 0);
    long page = getpagesize();
    char *memory = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED && mprotect(memory + page, page, PROT_READ | PROT_WRITE) == 0);
    stack_t other = { .ss_size = 1 << 16, .ss_sp = malloc(1 << 16) };
    NEED(other.ss_sp != NULL && sigaltstack(&other, NULL) == 0);
    /* Once on the large stack: what the dynamic linker has to look up takes much. */
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
    until(loop, &seen.calls, 1);
    static ucontext_t back, small;
    NEED(getcontext(&small) == 0);
    small.uc_stack.ss_sp = memory + page;
    small.uc_stack.ss_size = page;
    small.uc_link = &back;
    makecontext(&small, raise_near_the_end_of_the_stack, 0);
    NEED(swapcontext(&back, &small) == 0);
    until(loop, &seen.calls, 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
    other.ss_flags = SS_DISABLE;
    NEED(sigaltstack(&other, NULL) == 0);
    free(other.ss_sp);
    munmap(memory, 2 * page);
}

/* Requirements of other languages' runtimes for every handler: it uses their alternate stack, and system
 * calls are restarted. */
CASE(flags_of_the_handler)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    struct sigaction now;
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, &seen) != 0);
    CHECK_INT(sigaction(SIGUSR1, NULL, &now), 0);
    CHECK((now.sa_flags & SA_ONSTACK) != 0);
    CHECK((now.sa_flags & SA_RESTART) != 0);
    CHECK((now.sa_flags & (SA_RESETHAND | SA_NODEFER)) == 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

CASE(a_forked_child_leaves_the_parent_alone)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, &seen) != 0);
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGUSR1);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    CHECK_INT(yolanda_loop_run_once(loop, 10), 0);
    CHECK_INT(seen.calls, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
}

static void foreign(void *data)
{
    struct event_loop *loop = data;
    struct seen seen = { 0 };
    errno = 0;
    CHECK(yolanda_signal_start(loop, SIGUSR1, on_signal, &seen) == 0);
    CHECK_INT(errno, EPERM);
    errno = 0;
    CHECK_INT(yolanda_signal_stop(loop, 1), -1);
    CHECK_INT(errno, EPERM);
}

CASE(bad_arguments)
{
    struct event_loop *loop = event_loop_init();
    struct seen seen = { 0 };
    int bad[] = { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, 0, -1, 65, 1000, INT_MAX, INT_MIN, 32 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        CHECK(yolanda_signal_start(loop, bad[i], on_signal, &seen) == 0);
        CHECK_INT(errno, EINVAL);
    }
    errno = 0;
    CHECK(yolanda_signal_start(loop, SIGUSR1, NULL, NULL) == 0);
    CHECK_INT(errno, EINVAL);
    errno = 0;
    CHECK_INT(yolanda_signal_stop(loop, 0), -1);
    CHECK_INT(errno, ENOENT);
    on_thread(foreign, loop);
    errno = 0;
    CHECK(yolanda_signal_start(NULL, SIGUSR1, on_signal, &seen) == 0);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(yolanda_signal_stop(NULL, 1), -1);
    CHECK_INT(err_lines(), 2);
    CHECK_INT(yolanda_loop_free(loop), 0);
}
