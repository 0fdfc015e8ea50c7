/* model.h - what the program knows of each object that it has made, and what must hold of it. Records are never
 * used twice within a world, so that a call that comes too late finds the record that says so. */
#ifndef MODEL_H
#define MODEL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <yolanda.h>

#include <lib/acceptor.h>
#include <lib/channel.h>
#include <lib/event_loop_thread.h>
#include <lib/log.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined SANITIZER_ADDRESS || defined SANITIZER_THREAD
#define SECONDS_OF_A_WORLD 240
#else
#define SECONDS_OF_A_WORLD 60
#endif

#define SIZE(array) (sizeof(array) / sizeof *(array))

/* --- what is drawn --------------------------------------------------------- */

static uint64_t world_seed;
static pthread_t main_thread;
static atomic_uint threads_seen;
/* Each thread draws its own numbers. */
static __thread uint64_t drawn;

static unsigned draw(void)
{
    if (drawn == 0) {
        drawn = world_seed * 2654435761u + 97 * (1 + atomic_fetch_add(&threads_seen, 1));
    }
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(drawn >> 33);
}

/* A number below n. */
static unsigned below(unsigned n)
{
    return draw() % n;
}

static int one_in(unsigned n)
{
    return below(n) == 0;
}

static int on_main(void)
{
    return pthread_equal(pthread_self(), main_thread);
}

/* --- what must hold -------------------------------------------------------- */

static atomic_int failures;
static int verbose;

__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
    char text[500];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (atomic_fetch_add(&failures, 1) < 8) {
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)world_seed, text);
    }
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail("%s:%d: %s, errno %d", strrchr("/" __FILE__, '/') + 1, __LINE__, #condition,      \
                 errno);                                                                           \
        }                                                                                          \
    } while (0)

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "seed %llu: %s:%d: %s, errno %d\n", (unsigned long long)world_seed,    \
                    __FILE__, __LINE__, #condition, errno);                                        \
            _exit(2);                                                                              \
        }                                                                                          \
    } while (0)

/* A call and what it has to return; -1 comes with that errno. */
#define RETURNS(call, wanted, error)                                                               \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long long got_ = (long long)(call);                                                        \
        if (got_ != (wanted) || (got_ == -1 && (error) != 0 && errno != (error))) {                \
            fail("%s:%d: %s is %lld, errno %d", strrchr("/" __FILE__, '/') + 1, __LINE__, #call,   \
                 got_, errno);                                                                     \
        }                                                                                          \
    } while (0)

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    if (verbose) {
        va_list args;
        va_start(args, format);
        flockfile(stderr);
        fprintf(stderr, "  %s", on_main() ? "" : "(thread) ");
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
        funlockfile(stderr);
        va_end(args);
    }
}

/* --- records ---------------------------------------------------------------- */

/* A list that only grows; any thread may add. */
#define LIST(type, name, max)                                                                      \
    static struct type name##_list[max];                                                           \
    static atomic_uint name##_count;                                                               \
    __attribute__((unused)) static struct type *name##_add(void)                                   \
    {                                                                                              \
        unsigned at = atomic_fetch_add(&name##_count, 1);                                          \
        if (at >= (max)) {                                                                         \
            atomic_fetch_sub(&name##_count, 1);                                                    \
            return NULL;                                                                           \
        }                                                                                          \
        return &name##_list[at];                                                                   \
    }                                                                                              \
    __attribute__((unused)) static int name##_full(void)                                           \
    {                                                                                              \
        return atomic_load(&name##_count) + 8 > (max);                                             \
    }                                                                                              \
    /* One of the latest. */                                                                       \
    __attribute__((unused)) static struct type *name##_any(unsigned latest)                        \
    {                                                                                              \
        unsigned count = atomic_load(&name##_count);                                               \
        count = count > (max) ? (max) : count;                                                     \
        return count == 0 ? NULL                                                                   \
                          : &name##_list[count - 1 - below(count < latest ? count : latest)];      \
    }

#define EACH(name, record)                                                                         \
    (unsigned at_##record = 0;                                                                     \
     at_##record < atomic_load(&name##_count) && ((record) = &name##_list[at_##record], 1);        \
     at_##record++)

enum life { NOTHING, LIVE, STOPPING, STOPPED, FREED };

struct loop_record {
    struct event_loop *loop;
    enum life life;
    int depth; /* how often it is on the stack */
};
LIST(loop_record, loops, 64)

/* The thread's loop, as the latest callback knew it. */
static __thread struct event_loop *here;

/* The action of a callback: a random one. NULL: its loop is `here`. */
static void act(struct event_loop *loop);

/* The loops of the main thread; the first lives until the end. */
static struct loop_record *any_loop(void)
{
    for (int tries = 0; tries < 4; tries++) {
        struct loop_record *record = loops_any(3);
        if (record != NULL && record->life == LIVE) {
            return record;
        }
    }
    return loops_list[0].life == LIVE ? &loops_list[0] : NULL;
}

static __thread int nesting;

/* The world is ending: nothing new is made. */
static int ending;

static void run_loop(struct loop_record *record, int64_t limit)
{
    record->depth++;
    nesting++;
    errno = 0;
    int calls = yolanda_loop_run_once(record->loop, limit);
    if (calls < 0) {
        fail("yolanda_loop_run_once: errno %d", errno);
    }
    record->loop->quit = 0;
    nesting--;
    record->depth--;
}

/* Runs the loop of the callback, which is on the main thread. */
static void run_here(void)
{
    struct loop_record *record;
    for EACH (loops, record) {
        if (record->loop == here && record->life == LIVE) {
            run_loop(record, one_in(8));
        }
    }
}

#endif
