/* Generated from src/abi/yolanda/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_H
#define YOLANDA_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event_loop.h"
#include "lib/tcp_connection.h"
#include "lib/tcp_server.h"
#include "lib/thread_pool.h"



/** The version of this header. */
#define YOLANDA_VERSION_MAJOR 0
#define YOLANDA_VERSION_MINOR 2
#define YOLANDA_VERSION_PATCH 0
/** The version as text. */
#define YOLANDA_VERSION "0.2.0"
/** The version as one number, which grows with it. */
#define YOLANDA_VERSION_NUMBER \
    (YOLANDA_VERSION_MAJOR << 16 | YOLANDA_VERSION_MINOR << 8 | YOLANDA_VERSION_PATCH)
/** 0 if the library that runs fits this header: see yolanda_version_check(). */
#define YOLANDA_VERSION_CHECK() yolanda_version_check(YOLANDA_VERSION_NUMBER)

struct event_loop;

/**
 * A function that a loop calls on its own thread.
 */
typedef void (*yolanda_loop_callback)(struct event_loop *eventLoop, void *data);

/**
 * What a loop has done since it was made. Later versions may add fields at the end.
 */
struct yolanda_loop_stats {
    /**
     * Turns of the loop.
     */
    uint64_t passes;
    /**
     * Ends of a wait by another thread or a signal handler.
     */
    uint64_t wakeups;
    /**
     * Calls of channels, posted functions, timers and signal handlers.
     */
    uint64_t callbacks;
    /**
     * Posted functions that were called.
     */
    uint64_t posts;
    /**
     * Timers that are running now.
     */
    uint64_t timers;
    /**
     * Connections that are open now.
     */
    uint64_t connections;
    /**
     * Connections that there ever were.
     */
    uint64_t connections_total;
    /**
     * Bytes that connections have received.
     */
    uint64_t bytes_read;
    /**
     * Bytes that the system has taken from connections.
     */
    uint64_t bytes_written;
};

/**
 * Names a timer of a loop. It is never 0, and never used for another timer of that loop.
 */
typedef uint64_t yolanda_timer;

/**
 * Called on the loop's thread when a timer is due. It may stop or restart this timer or any other, and
 * start new ones; those are called in a later pass.
 */
typedef void (*yolanda_timer_callback)(struct event_loop *eventLoop, yolanda_timer timer, void *data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that runs, as YOLANDA_VERSION_NUMBER has it.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
unsigned int yolanda_version_number(void);

/**
 * The version of the library that runs, "MAJOR.MINOR.PATCH". The text is the library's.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
const char *yolanda_version(void);

/**
 * Whether the library that runs serves programs that were compiled with a header of this version:
 * it is the same or a later one of the same major number, while that is 0 of the same minor number.
 * Programs call it as YOLANDA_VERSION_CHECK().
 *
 * Returns 0, or -1 with ENOTSUP.
 *
 * # Safety
 * Any thread and any signal handler may call it.
 */
int yolanda_version_check(unsigned int header);

/**
 * Makes a loop, owned by the calling thread. `name` stands in the log; it is copied, NULL counts as
 * "main thread". `dispatcher` is the back end, "epoll" or "poll"; NULL leaves the choice to the
 * environment and the compilation, as for event_loop_init().
 *
 * Returns the loop, to be released with yolanda_loop_free(), or NULL with errno: EINVAL for another
 * dispatcher, ENOMEM, EMFILE, ENFILE.
 *
 * # Safety
 * `name` and `dispatcher` are NULL or end with a NUL. Any thread may call it; the loop is that thread's.
 */
struct event_loop *yolanda_loop_new(const char *name,
                                    const char *dispatcher);

/**
 * Frees a loop, also one of event_loop_init(), with all that it has: the servers and clients that
 * were made on it, thread pools with their threads and loops, connections, timers, signal handlers.
 * Functions that were posted are called before, connections get their closed callback. Channels that the
 * program added stay the program's, as do acceptors of acceptor_init().
 *
 * Connections that are retained remain, closed, until they are released. Nobody else may use the loop
 * once this is called; what other threads post meanwhile is refused with ESHUTDOWN.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY inside a callback of the
 * loop (quit it, and free it when event_loop_run() has returned).
 *
 * # Safety
 * `eventLoop` is NULL or a loop that isn't freed yet. Only on its thread.
 */
int yolanda_loop_free(struct event_loop *eventLoop);

/**
 * Ends event_loop_run() and yolanda_loop_run_once() of a loop, at the end of the pass that runs or at
 * once where the loop waits. It sets `eventLoop->quit`, which stays set: called before the loop runs, it
 * makes that return at once. To run the loop again, set the field to 0.
 *
 * Returns 0, or -1 with EINVAL for NULL.
 *
 * # Safety
 * `eventLoop` is NULL or a loop. Any thread and any signal handler may call it.
 */
int yolanda_loop_quit(struct event_loop *eventLoop);

/**
 * Runs the loop until at least one callback was called, somebody has woken it up, or `limit_ms`
 * milliseconds are over: 0 looks without waiting, -1 sets no limit. It may be called inside a callback of the
 * loop.
 *
 * Returns how many callbacks were called, 0 when the time is over or the loop is to quit; -1 with errno:
 * EINVAL for NULL or another negative limit, EPERM on another thread.
 *
 * # Safety
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int yolanda_loop_run_once(struct event_loop *eventLoop,
                          int64_t limit_ms);

/**
 * Has `callback(eventLoop, data)` called on the loop's thread, once, never before this returns. Of what
 * one thread posts nothing is lost and the order is kept, also towards its sends and its changes of
 * channels. Many posts wake the loop up once.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL (`data` may be NULL), ENOMEM, ESHUTDOWN for a loop that is
 * being freed: the function is never called then.
 *
 * # Safety
 * `eventLoop` is NULL or a loop; `data` stays yours, and is valid until the call. Any thread may call it.
 */
int yolanda_loop_post(struct event_loop *eventLoop,
                      yolanda_loop_callback callback,
                      void *data);

/**
 * A descriptor that is readable while the loop has events, so that another loop can watch it (poll(2),
 * asyncio, libuv, Qt): when it is readable, or when yolanda_loop_timeout() is over, call
 * yolanda_loop_run_once(eventLoop, 0). It stays the loop's: neither read nor close it.
 *
 * Returns the descriptor, or -1 with errno: EINVAL for NULL, ENOTSUP where the loop's back end isn't epoll
 * (a loop of yolanda_loop_new(name, "epoll") always has it).
 *
 * # Safety
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int yolanda_loop_fd(struct event_loop *eventLoop);

/**
 * How many milliseconds may pass until yolanda_loop_run_once() is due although nothing has happened to
 * the loop's descriptor: 0 when there is work now, -1 when there is no limit. Ask before each wait.
 *
 * Returns -2 with errno on failure: EINVAL for NULL, EPERM on another thread.
 *
 * # Safety
 * `eventLoop` is NULL or a loop. Only on its thread.
 */
int64_t yolanda_loop_timeout(struct event_loop *eventLoop);

/**
 * The name of the loop's back end: "epoll", "poll", or what a program's own has.
 *
 * Returns NULL with EINVAL for NULL. The text is the back end's.
 *
 * # Safety
 * `eventLoop` is NULL or a loop. Any thread may call it while none changes the back end.
 */
const char *yolanda_loop_dispatcher(struct event_loop *eventLoop);

/**
 * Tells what a loop has done: fills the `size` bytes of `stats`, sizeof(struct yolanda_loop_stats) of the
 * program's header. Each number is right for itself; read on another thread, they may be of slightly
 * different moments.
 *
 * Returns 0, or -1 with EINVAL for NULL or a size of 0.
 *
 * # Safety
 * `eventLoop` is NULL or a loop; `stats` has `size` bytes. Any thread may call it.
 */
int yolanda_loop_get_stats(struct event_loop *eventLoop,
                           struct yolanda_loop_stats *stats,
                           size_t size);

/**
 * Starts a timer: `callback` is called after `delay_ms` milliseconds, never earlier, and then every
 * `period_ms`, or once where that is 0. Periods are counted from due time to due time, so they don't drift;
 * a loop that is late calls once and leaves out the periods that have gone by. The clock is the monotonic
 * one (CLOCK_MONOTONIC): setting the time changes nothing. Timers that are due together are called in the
 * order in which they were due, or else started. A timer that is called once is gone when its callback has
 * returned, unless that restarted it.
 *
 * Starting, restarting and stopping take time that grows as the logarithm of the number of timers.
 *
 * Returns the timer, or 0 with errno: EINVAL (NULL, negative or absurd times), EPERM on another thread (post
 * a function instead), ENOMEM, also beyond 16,777,215 timers.
 *
 * # Safety
 * `eventLoop` is NULL or a loop; `data` stays yours. Only on the loop's thread.
 */
yolanda_timer yolanda_timer_start(struct event_loop *eventLoop,
                                  int64_t delay_ms,
                                  int64_t period_ms,
                                  yolanda_timer_callback callback,
                                  void *data);

/**
 * Gives a timer new times, as if it were started now; callback and data stay. Its own callback may do
 * that, too.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended or never was, EINVAL, EPERM.
 *
 * # Safety
 * As for yolanda_timer_start().
 */
int yolanda_timer_restart(struct event_loop *eventLoop,
                          yolanda_timer timer,
                          int64_t delay_ms,
                          int64_t period_ms);

/**
 * Stops a timer: its callback isn't called any more, also where it was due in this pass.
 *
 * Returns 0, or -1 with errno: ENOENT for a timer that has ended, was stopped before or never was, EINVAL
 * for NULL, EPERM on another thread.
 *
 * # Safety
 * As for yolanda_timer_start().
 */
int yolanda_timer_stop(struct event_loop *eventLoop,
                       yolanda_timer timer);

/**
 * How many milliseconds are left until a timer is due, rounded up; 0 when it is due.
 *
 * Returns -1 with errno on failure, as yolanda_timer_stop().
 *
 * # Safety
 * As for yolanda_timer_start().
 */
int64_t yolanda_timer_remaining(struct event_loop *eventLoop, yolanda_timer timer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
