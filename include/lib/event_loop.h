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
     * 1: add, 2: remove, 3: update.
     */
    int type;
    /**
     * The channel to change.
     */
    struct channel *channel;
    /**
     * The next change in the queue.
     */
    struct channel_element *next;
};

/**
 * A loop: it waits for events of its channels and calls their callbacks, on the thread that created
 * the loop.
 *
 * It comes from event_loop_init() or yolanda_loop_new() and exists until yolanda_loop_free(). The
 * library keeps more data after these fields: never copy or allocate a loop yourself. Except for
 * `quit`, the fields may be used only on the loop's thread.
 */
struct event_loop {
    /**
     * Any thread may set it to end event_loop_run(). This takes effect at once if
     * event_loop_wakeup() follows, otherwise within a second.
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
     * The channels by descriptor; NULL if none is registered.
     */
    struct channel_map *channelMap;
    /**
     * Non-zero while queued changes are being carried out.
     */
    int is_handle_pending;
    /**
     * The first queued change, or NULL.
     */
    struct channel_element *pending_head;
    /**
     * The last queued change, or NULL.
     */
    struct channel_element *pending_tail;
    /**
     * The loop's thread.
     */
    pthread_t owner_thread_id;
    /**
     * Protects the data that other threads pass to the loop.
     */
    pthread_mutex_t mutex;
    /**
     * Used together with `mutex`.
     */
    pthread_cond_t cond;
    /**
     * Wakes up the loop: a byte written to `[1]` is read from `[0]`.
     */
    int socketPair[2];
    /**
     * The name of the loop in the log.
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
 * Makes a loop named "main thread". It belongs to the calling thread.
 *
 * The back end is epoll, unless the environment variable YOLANDA_DISPATCHER is "poll" or the program
 * was compiled with EPOLL_ENABLE off.
 *
 * Returns the loop, or NULL with errno if memory or descriptors run out: ENOMEM, EMFILE, ENFILE.
 * Release it with yolanda_loop_free().
 *
 * Any thread may call it.
 */
struct event_loop *event_loop_init(void);

/**
 * Makes a loop with the given name; NULL stands for "main thread". Otherwise the same as
 * event_loop_init().
 *
 * `thread_name` is NULL or a NUL-terminated string that stays valid as long as the loop: only the
 * pointer is kept. Any thread may call it.
 */
struct event_loop *event_loop_init_with_name(char *thread_name);

/**
 * Runs the loop until `quit` is set: it waits for events and calls the callbacks, over and over.
 *
 * Returns 0, or -1 with errno: EINVAL for NULL, EINTR if a signal has ended the run (see
 * yolanda_loop_set_interruptible()). On any thread but the loop's it exits the process with status 1.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
 */
int event_loop_run(struct event_loop *eventLoop);

/**
 * Ends the loop's current wait. Calls that come before the loop has noticed the first one count as
 * one. errno is left unchanged.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Any thread and any signal handler may call it.
 */
void event_loop_wakeup(struct event_loop *eventLoop);

/**
 * Registers a channel with a loop. On the loop's thread the channel is registered when the call
 * returns. On any other thread the request is queued, in order, and the loop is woken up. If the
 * descriptor is already registered, nothing changes; but if the registered descriptor has been closed
 * since then, the new channel replaces the old one.
 *
 * Returns 0 (done or queued), or -1 with errno: EINVAL (NULL, or `fd` isn't `channel1->fd`), EBADF
 * (negative or closed descriptor), ENOMEM, ESHUTDOWN (the loop is being freed), or the error of a back
 * end that refuses the descriptor: EPERM for a file or a folder, and others of epoll_ctl(2).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or a channel that stays
 * where it is until it has been removed. Any thread may call it.
 */
int event_loop_add_channel_event(struct event_loop *eventLoop,
                                 int fd,
                                 struct channel *channel1);

/**
 * Removes a channel from its loop. The descriptor may have been closed before. When the call has
 * returned on the loop's thread, the library doesn't touch the channel any more: you may free it
 * there, even inside its own callback. If another thread removes the channel, only the loop's thread
 * may free it.
 *
 * Returns 0 (done or queued), or -1 with errno: ENOENT (an unknown channel), EINVAL (NULL, another
 * channel than the registered one, or `fd` isn't `channel1->fd`), EBADF (a negative descriptor),
 * ENOMEM, ESHUTDOWN (the loop is being freed).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or the registered channel.
 * Any thread may call it.
 */
int event_loop_remove_channel_event(struct event_loop *eventLoop,
                                    int fd,
                                    struct channel *channel1);

/**
 * Makes the loop use the channel's changed `events` and check again whether the descriptor is ready.
 *
 * Returns 0 (done or queued), or -1 with errno like event_loop_remove_channel_event(), and others of
 * epoll_ctl(2).
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or the registered channel.
 * Any thread may call it.
 */
int event_loop_update_channel_event(struct event_loop *eventLoop,
                                    int fd,
                                    struct channel *channel1);

/**
 * Does the same as event_loop_add_channel_event(), but always at once.
 *
 * Returns 1 (added), 0 (nothing to do) or -1 with errno, EPERM on another thread.
 *
 * The arguments are as for event_loop_add_channel_event(). Call it only on the loop's thread.
 */
int event_loop_handle_pending_add(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * Does the same as event_loop_remove_channel_event(), but always at once.
 *
 * Returns 1 (removed), 0 (nothing to do) or -1 with errno, EPERM on another thread.
 *
 * The arguments are as for event_loop_remove_channel_event(). Call it only on the loop's thread.
 */
int event_loop_handle_pending_remove(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * Does the same as event_loop_update_channel_event(), but always at once.
 *
 * Returns 1 (updated), 0 (nothing to do) or -1 with errno, EPERM on another thread.
 *
 * The arguments are as for event_loop_update_channel_event(). Call it only on the loop's thread.
 */
int event_loop_handle_pending_update(struct event_loop *eventLoop, int fd, struct channel *channel);

/**
 * Reports a ready descriptor; called by back ends. It calls the channel's read callback if `res`
 * contains EVENT_READ, then the write callback if `res` contains EVENT_WRITE and the channel is
 * still registered.
 *
 * Returns 0, or -1 with errno, for example ENOENT for a descriptor that isn't registered.
 *
 * `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread, which isn't
 * checked.
 */
int channel_event_activate(struct event_loop *eventLoop,
                           int fd,
                           int res);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "channel.h"
#include "event_dispatcher.h"
#include "common.h"

#endif
