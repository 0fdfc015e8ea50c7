/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_EVENT_LOOP_THREAD_H
#define YOLANDA_LIB_EVENT_LOOP_THREAD_H

#include <pthread.h>
#include <string.h>


#ifndef YOLANDA_MEMMEM
#define YOLANDA_MEMMEM
/* Not declared by <string.h> without _GNU_SOURCE; an implicit declaration would cut the pointer. */
#ifdef __cplusplus
extern "C" {
#endif
#ifdef __THROW
extern void *memmem(const void *, size_t, const void *, size_t) __THROW;
#else
extern void *memmem(const void *, size_t, const void *, size_t);
#endif
#ifdef __cplusplus
}
#endif
#endif

struct event_loop;

/**
 * A thread that runs its own loop. If you provide the memory, initialise it with
 * event_loop_thread_init() and don't move it while the thread runs.
 */
struct event_loop_thread {
    /**
     * The thread's loop; NULL until it runs.
     */
    struct event_loop *eventLoop;
    /**
     * The thread, which is joinable.
     */
    pthread_t thread_tid;
    /**
     * Protects `eventLoop` while the thread starts.
     */
    pthread_mutex_t mutex;
    /**
     * Signalled when `eventLoop` is set.
     */
    pthread_cond_t cond;
    /**
     * "Thread-1", "Thread-2", ...
     */
    char *thread_name;
    /**
     * Not used by the library.
     */
    long thread_count;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Initialises a thread without starting it. `number` counts from 0 and determines the name:
 * "Thread-1" for 0.
 *
 * Returns 0, or -1 with errno.
 *
 * `thread` is NULL or memory for the struct, which stays yours and must not move while the thread
 * runs. Only one thread at a time may use the struct.
 */
int event_loop_thread_init(struct event_loop_thread *thread, int number);

/**
 * Starts the thread and waits until its loop runs.
 *
 * Returns that loop, which is valid until the thread is stopped, or NULL with errno if the thread or
 * its loop can't be made: EAGAIN and others of pthread_create(3), ENOMEM, EMFILE, ENFILE. End the
 * thread with yolanda_loop_thread_stop().
 *
 * `thread` is NULL or has been initialised by event_loop_thread_init(). Only one thread at a time may use
 * the struct.
 */
struct event_loop *event_loop_thread_start(struct event_loop_thread *thread);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
