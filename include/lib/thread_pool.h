/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_THREAD_POOL_H
#define YOLANDA_LIB_THREAD_POOL_H

struct event_loop;

struct event_loop_thread;

/**
 * Threads with one loop each, used in turn. It comes from thread_pool_new(); the library keeps more
 * data after these fields.
 */
struct thread_pool {
    /**
     * The loop that distributes work, and does the work itself if there are no threads.
     */
    struct event_loop *mainLoop;
    /**
     * Non-zero after thread_pool_start().
     */
    int started;
    /**
     * The number of threads.
     */
    int thread_number;
    /**
     * The threads, `thread_number` of them.
     */
    struct event_loop_thread *eventLoopThreads;
    /**
     * The index of the next thread in turn.
     */
    int position;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a pool of `threadNumber` threads without starting them. With 0 or less, the main loop does
 * all the work.
 *
 * Returns the pool, or NULL with errno: EINVAL for a NULL loop, ENOMEM. Release it with
 * yolanda_thread_pool_free().
 *
 * `mainLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
 */
struct thread_pool *thread_pool_new(struct event_loop *mainLoop, int threadNumber);

/**
 * Starts the threads. A second call does nothing. Threads that can't be started are left out, and an
 * error is logged. On any thread but the main loop's it exits like assertInSameThread().
 *
 * `pool` is NULL or a pool that hasn't been freed. Call it only on the main loop's thread.
 */
void thread_pool_start(struct thread_pool *pool);

/**
 * Returns the next loop in turn, or the main loop if there are no threads; NULL with errno EINVAL
 * before thread_pool_start(). The loop is valid until the pool is freed. On any thread but the main
 * loop's it exits like assertInSameThread().
 *
 * `pool` is NULL or a pool that hasn't been freed. Call it only on the main loop's thread.
 */
struct event_loop *thread_pool_get_loop(struct thread_pool *pool);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "event_loop.h"
#include "event_loop_thread.h"

#endif
