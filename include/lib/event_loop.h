/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_EVENT_LOOP_H
#define YOLANDA_LIB_EVENT_LOOP_H

#include <pthread.h>

struct channel;

struct channel_map;

struct event_dispatcher;

/**
 * A queued change of a loop's channels.
 */
struct channel_element {
    /**
     * 1 add, 2 remove, 3 update.
     */
    int type;
    /**
     * The channel that it concerns.
     */
    struct channel *channel;
    /**
     * The change queued after it.
     */
    struct channel_element *next;
};

/**
 * A loop: waits for its channels and calls them, on the one thread that made it.
 *
 * From event_loop_init() or yolanda_loop_new(); yolanda_loop_free() releases it, else it stays for the
 * process's life. The library keeps more behind these fields: never copy or allocate one yourself.
 * Except for `quit` they belong to the loop's thread.
 */
struct event_loop {
    /**
     * Set it, on any thread, to end event_loop_run(); event_loop_wakeup() makes that immediate.
     */
    int quit;
    /**
     * The back end. It may be replaced: see struct event_dispatcher.
     */
    const struct event_dispatcher *eventDispatcher;
    /**
     * What the back end's `init` returned.
     */
    void *event_dispatcher_data;
    /**
     * The channels by descriptor; NULL where none is registered.
     */
    struct channel_map *channelMap;
    /**
     * Non-zero while queued changes are carried out.
     */
    int is_handle_pending;
    /**
     * The first change that is queued, or NULL.
     */
    struct channel_element *pending_head;
    /**
     * The last change that is queued, or NULL.
     */
    struct channel_element *pending_tail;
    /**
     * The loop's thread.
     */
    pthread_t owner_thread_id;
    /**
     * Guards what other threads hand over.
     */
    pthread_mutex_t mutex;
    /**
     * Belongs to the mutex.
     */
    pthread_cond_t cond;
    /**
     * Wakes the loop up: a byte written to [1] is read from [0].
     */
    int socketPair[2];
    /**
     * The loop's name in the log.
     */
    char *thread_name;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The back end on poll().
 */
extern const struct event_dispatcher poll_dispatcher;

/**
 * The back end on epoll.
 */
extern const struct event_dispatcher epoll_dispatcher;

/**
 * Makes a loop named "main thread", owned by the calling thread.
 *
 * The back end is epoll, unless the environment says YOLANDA_DISPATCHER=poll or the program was
 * compiled with EPOLL_ENABLE off. Returns NULL with errno when memory or descriptors are out.
 *
 * Any thread may call it; the loop is that thread's.
 */
struct event_loop *event_loop_init(void);

/**
 * Makes a loop with a name of your own; NULL counts as "main thread". Otherwise as
 * event_loop_init().
 *
 * `thread_name` ends with a NUL and lives as long as the loop: only the pointer is kept.
 */
struct event_loop *event_loop_init_with_name(char *thread_name);

/**
 * Waits and calls, pass after pass, until `quit` is set.
 *
 * Returns 0, or -1 for NULL. On another thread than the loop's it exits the process with status 1.
 *
 * `eventLoop` is NULL or a loop.
 */
int event_loop_run(struct event_loop *eventLoop);

/**
 * Ends the loop's current wait. Any thread and any signal handler may call it; calls that come
 * before the loop has noticed the first count as one.
 *
 * `eventLoop` is NULL or a loop.
 */
void event_loop_wakeup(struct event_loop *eventLoop);

/**
 * Registers a channel with a loop. On the loop's thread it is done on return; any other thread
 * queues it, in order, and wakes the loop. A descriptor that is registered already: nothing
 * changes, unless the registered one has been closed meanwhile; then the new one replaces it.
 *
 * Returns 0 (done or queued), or -1 with errno: NULL, an `fd` that isn't `channel1->fd` (EINVAL), a
 * negative or closed one (EBADF), a back end that refuses it, no memory.
 *
 * `channel1` stays where it is until it has been removed.
 */
int event_loop_add_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);

/**
 * Takes a channel off its loop; its descriptor may have been closed before. Once this has returned
 * on the loop's thread, the library never touches the channel again: free it there, even within
 * its own callback. Removed from another thread, it may be freed only on the loop's thread.
 *
 * Returns 0 (done or queued), or -1 with errno, for an unknown channel too.
 *
 * `channel1` is NULL or the registered channel.
 */
int event_loop_remove_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);

/**
 * Makes the loop take over the channel's changed `events`, and look at its readiness afresh.
 *
 * Returns 0 (done or queued), or -1 with errno, for an unknown channel too.
 *
 * `channel1` is NULL or the registered channel.
 */
int event_loop_update_channel_event(struct event_loop *eventLoop, int fd, struct channel *channel1);

/**
 * Adds a channel at once, on the loop's thread.
 *
 * Returns 1 (added), 0 (nothing to do) or -1 with errno.
 *
 * As for event_loop_add_channel_event(); only on the loop's thread.
 */
int event_loop_handle_pending_add(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * Removes a channel at once, on the loop's thread.
 *
 * Returns 1 (removed), 0 (nothing to do) or -1 with errno.
 *
 * As for event_loop_remove_channel_event(); only on the loop's thread.
 */
int event_loop_handle_pending_remove(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * Updates a channel at once, on the loop's thread.
 *
 * Returns 1 (updated), 0 (nothing to do) or -1 with errno.
 *
 * As for event_loop_update_channel_event(); only on the loop's thread.
 */
int event_loop_handle_pending_update(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * What a back end calls for a descriptor that is ready: runs the read callback for EVENT_READ in
 * `res`, then the write callback for EVENT_WRITE if the channel is still there.
 *
 * Returns 0, or -1 with errno for a descriptor that isn't registered.
 *
 * Only on the loop's thread.
 */
int channel_event_activate(struct event_loop *eventLoop, int fd, int res);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "channel.h"
#include "event_dispatcher.h"
#include "common.h"

#endif
