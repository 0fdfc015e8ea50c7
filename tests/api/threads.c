/* Contract section 2, "threads": thread_pool and event_loop_thread. */
#include "aid.h"

#include "lib/event_loop_thread.h"
#include "lib/thread_pool.h"
#include "lib/utils.h"

#include <dirent.h>
#include <dlfcn.h>

static struct event_loop *main_loop;

static int thread_count(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    NEED(tasks != NULL);
    for (struct dirent *one; (one = readdir(tasks)) != NULL;) {
        n += one->d_name[0] != '.';
    }
    closedir(tasks);
    return n;
}

static struct thread_pool *pool_of(int n)
{
    main_loop = event_loop_init();
    struct thread_pool *pool = thread_pool_new(main_loop, n);
    NEED(pool != NULL);
    return pool;
}

CASE(new_pool)
{
    struct thread_pool *pool = pool_of(3);
    CHECK(pool->mainLoop == main_loop);
    CHECK_INT(pool->thread_number, 3);
    CHECK_INT(pool->started, 0);
    CHECK_INT(pool->position, 0);
    CHECK_INT(thread_count(), 1);
}

/* Before start: NULL. */
CASE(no_loop_before_start)
{
    CHECK(thread_pool_get_loop(pool_of(3)) == NULL);
    CHECK(thread_pool_get_loop(pool_of(0)) == NULL);
}

/* Round robin over the n loops; threads are named "Thread-1", "Thread-2", ... */
CASE(round_robin_over_named_threads)
{
    struct thread_pool *pool = pool_of(3);
    char *names[] = { "Thread-1", "Thread-2", "Thread-3" };
    struct event_loop *loops[3];
    thread_pool_start(pool);
    CHECK(pool->started != 0);
    CHECK_INT(thread_count(), 4);
    for (int i = 0; i < 3; i++) {
        loops[i] = thread_pool_get_loop(pool);
        NEED(loops[i] != NULL);
        CHECK(loops[i] != main_loop);
        CHECK_TEXT(loops[i]->thread_name, names[i]);
        CHECK_TEXT(pool->eventLoopThreads[i].thread_name, names[i]);
        CHECK(pool->eventLoopThreads[i].eventLoop == loops[i]);
        CHECK_INT(isInSameThread(loops[i]), 0);
    }
    for (int i = 0; i < 9; i++) {
        CHECK(thread_pool_get_loop(pool) == loops[i % 3]);
    }
}

/* ... the main loop when n <= 0. */
CASE(no_threads_means_the_main_loop)
{
    int numbers[] = { 0, -1, INT_MIN };
    for (int i = 0; i < 3; i++) {
        struct thread_pool *pool = pool_of(numbers[i]);
        thread_pool_start(pool);
        CHECK(thread_pool_get_loop(pool) == main_loop);
        CHECK(thread_pool_get_loop(pool) == main_loop);
        CHECK_INT(thread_count(), 1);
    }
}

/* Started twice: nothing. */
CASE(started_twice)
{
    struct thread_pool *pool = pool_of(2);
    thread_pool_start(pool);
    struct event_loop *one = thread_pool_get_loop(pool), *two = thread_pool_get_loop(pool);
    thread_pool_start(pool);
    CHECK_INT(thread_count(), 3);
    CHECK(thread_pool_get_loop(pool) == one);
    CHECK(thread_pool_get_loop(pool) == two);
}

/* On a foreign thread both exit as assertInSameThread does. */
static void start_it(void *pool)
{
    thread_pool_start(pool);
}

static void get_it(void *pool)
{
    thread_pool_get_loop(pool);
}

static void start_elsewhere(void *unused)
{
    (void)unused;
    on_thread(start_it, pool_of(1));
    _exit(77);
}

static void get_elsewhere(void *unused)
{
    struct thread_pool *pool = pool_of(1);
    (void)unused;
    thread_pool_start(pool);
    on_thread(get_it, pool);
    _exit(77);
}

CASE(owner_thread_only)
{
    void (*wrong[])(void *) = { start_elsewhere, get_elsewhere };
    for (int i = 0; i < 2; i++) {
        struct ended ended = child(wrong[i], NULL);
        CHECK_INT(ended.status, 255);
        CHECK(strstr(ended.out, "[err] not in the same thread\n") != NULL);
    }
}

/* The loops run: what is added there is called on their threads. */
static sem_t called;
static pthread_t called_on;

static int note_thread(void *data)
{
    uint64_t value;
    NEED(read(*(int *)data, &value, sizeof value) == sizeof value);
    called_on = pthread_self();
    sem_post(&called);
    return 0;
}

static void call_on(struct event_loop *loop)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    struct channel *channel = channel_new(fd, EVENT_READ, note_thread, NULL, &fd);
    sem_init(&called, 0, 0);
    CHECK_INT(event_loop_add_channel_event(loop, fd, channel), 0);
    sem_wait(&called);
    CHECK(pthread_equal(called_on, loop->owner_thread_id));
    CHECK(!pthread_equal(called_on, pthread_self()));
}

CASE(loops_of_the_pool_run)
{
    struct thread_pool *pool = pool_of(4);
    thread_pool_start(pool);
    for (int i = 0; i < 8; i++) {
        call_on(thread_pool_get_loop(pool));
    }
}

/* Threads that can't be started are left out with an [err] line, and with none of them the main
 * loop serves. */
static int refuse_from = -1, started;

/* Stands before libc's; the library calls it, too. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    static int (*original)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (original == NULL) {
        *(void **)&original = dlsym(RTLD_NEXT, "pthread_create");
    }
    if (refuse_from >= 0 && started++ >= refuse_from) {
        return EAGAIN;
    }
    return original(thread, attr, run, arg);
}

CASE(threads_that_can_not_be_started)
{
    struct thread_pool *pool = pool_of(3);
    refuse_from = 2;
    thread_pool_start(pool);
    CHECK_INT(err_lines(), 1);
    CHECK_INT(thread_count(), 3);
    struct event_loop *one = thread_pool_get_loop(pool), *two = thread_pool_get_loop(pool);
    CHECK(one != NULL && two != NULL && one != two && one != main_loop && two != main_loop);
    for (int i = 0; i < 4; i++) {
        CHECK(thread_pool_get_loop(pool) == (i % 2 == 0 ? one : two));
    }
}

CASE(no_thread_can_be_started)
{
    struct thread_pool *pool = pool_of(3);
    refuse_from = 0;
    thread_pool_start(pool);
    CHECK_INT(err_lines(), 3);
    CHECK(thread_pool_get_loop(pool) == main_loop);
    CHECK(thread_pool_get_loop(pool) == main_loop);
}

/* The same where the threads start, but their loops find no descriptors. */
CASE(no_descriptors_for_the_loops)
{
    struct thread_pool *pool = pool_of(3);
    struct rlimit limit = { 20, 20 };
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (dup(0) >= 0) {
    }
    int fds = open_fds();
    out_mark();
    thread_pool_start(pool);
    CHECK_INT(err_lines(), 3);
    CHECK(thread_pool_get_loop(pool) == main_loop);
    CHECK_INT(open_fds(), fds);
}

/* event_loop_thread_start returns the new thread's running loop. */
CASE(event_loop_thread_by_hand)
{
    struct event_loop_thread thread;
    memset(&thread, 0xaa, sizeof thread);
    CHECK_INT(event_loop_thread_init(&thread, 0), 0);
    CHECK(thread.eventLoop == NULL);
    CHECK_TEXT(thread.thread_name, "Thread-1");
    struct event_loop *loop = event_loop_thread_start(&thread);
    NEED(loop != NULL);
    CHECK(thread.eventLoop == loop);
    CHECK_TEXT(loop->thread_name, "Thread-1");
    CHECK(pthread_equal(loop->owner_thread_id, thread.thread_tid));
    call_on(loop);
    /* thread_tid is a joinable pthread */
    quit_plainly(loop);
    event_loop_wakeup(loop);
    CHECK_INT(pthread_join(thread.thread_tid, NULL), 0);
    CHECK_INT(thread_count(), 1);
}

CASE(event_loop_threads_are_numbered)
{
    struct event_loop_thread *threads = calloc(5, sizeof *threads);
    char *names[] = { "Thread-1", "Thread-2", "Thread-3", "Thread-4", "Thread-5" };
    NEED(threads != NULL);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(event_loop_thread_init(&threads[i], i), 0);
        CHECK_TEXT(threads[i].thread_name, names[i]);
    }
    for (int i = 0; i < 5; i++) {
        struct event_loop *loop = event_loop_thread_start(&threads[i]);
        NEED(loop != NULL);
        CHECK_TEXT(loop->thread_name, names[i]);
    }
    for (int i = 0; i < 5; i++) {
        quit_plainly(threads[i].eventLoop);
        event_loop_wakeup(threads[i].eventLoop);
        CHECK_INT(pthread_join(threads[i].thread_tid, NULL), 0);
    }
    free(threads);
}

CASE(event_loop_thread_that_can_not_start)
{
    struct event_loop_thread thread;
    CHECK_INT(event_loop_thread_init(&thread, 0), 0);
    refuse_from = 0;
    CHECK(event_loop_thread_start(&thread) == NULL);
}

/* D3: the start must not depend on assert: many starts, none of which may hang. */
CASE(starts_do_not_hang)
{
    for (int i = 0; i < 30; i++) {
        struct event_loop_thread thread;
        CHECK_INT(event_loop_thread_init(&thread, i), 0);
        struct event_loop *loop = event_loop_thread_start(&thread);
        NEED(loop != NULL);
        quit_plainly(loop);
        event_loop_wakeup(loop);
        CHECK_INT(pthread_join(thread.thread_tid, NULL), 0);
    }
}
