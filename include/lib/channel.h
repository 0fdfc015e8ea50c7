/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_CHANNEL_H
#define YOLANDA_LIB_CHANNEL_H

/**
 * Has no effect, as in the original: a channel has no field for a duration. Use
 * yolanda_timer_start().
 */
#define EVENT_TIMEOUT 1

/**
 * The descriptor is readable, has reached the end of the stream, or has an error.
 */
#define EVENT_READ 2

/**
 * The descriptor is writable.
 */
#define EVENT_WRITE 4

/**
 * Has no effect, as in the original: channels are identified by descriptor, so a signal number would
 * be taken for a descriptor. Use yolanda_signal_start().
 */
#define EVENT_SIGNAL 8

/**
 * Called on the loop's thread when the descriptor is readable, with the channel's `data`. The return
 * value is ignored. It may add, update and remove channels, including its own.
 */
typedef int (*event_read_callback)(void *data);

/**
 * Called on the loop's thread when the descriptor is writable, with the channel's `data`. The
 * return value is ignored. It may add, update and remove channels, including its own.
 */
typedef int (*event_write_callback)(void *data);

/**
 * A descriptor, the events that it waits for, and the callbacks for them.
 *
 * It comes from channel_new(), or you provide the memory. It must stay valid and in place until
 * event_loop_remove_channel_event() has returned on the loop's thread; after that, the library
 * doesn't touch it. Callbacks and `data` may be changed at any time on the loop's thread; a change
 * of `events` takes effect with the next event_loop_update_channel_event().
 */
struct channel {
    /**
     * The descriptor. It remains yours: the library closes only those of its connections.
     */
    int fd;
    /**
     * EVENT_READ, EVENT_WRITE, or both.
     */
    int events;
    /**
     * May be NULL.
     */
    event_read_callback eventReadCallback;
    /**
     * May be NULL.
     */
    event_write_callback eventWriteCallback;
    /**
     * Passed to the callbacks.
     */
    void *data;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a channel. It is yours: free() it, or call yolanda_channel_free(), after it has been
 * removed from its loop.
 *
 * Returns NULL with errno (ENOMEM) if memory runs out.
 *
 * `data` is passed to the callbacks and must be valid for as long as they use it. Any thread may
 * call it.
 */
struct channel *channel_new(int fd,
                            int events,
                            event_read_callback eventReadCallback,
                            event_write_callback eventWriteCallback,
                            void *data);

/**
 * Returns non-zero if EVENT_WRITE is set in the channel's `events`, otherwise 0; 0 for NULL.
 *
 * `channel` is NULL or a channel that no other thread changes.
 */
int channel_write_event_is_enabled(struct channel *channel);

/**
 * Sets EVENT_WRITE in the channel's `events` and updates the loop to which the channel was added. On
 * the loop's thread this takes effect at once; on any other thread it is queued.
 *
 * Returns 0, or -1 with errno: ENOENT for a channel that is in no loop, EBADF if its descriptor has
 * been closed, ENOMEM, ESHUTDOWN if its loop is being freed, and others of epoll_ctl(2).
 *
 * `channel` is NULL or a channel. Any thread may call it.
 */
int channel_write_event_enable(struct channel *channel);

/**
 * Clears EVENT_WRITE in the channel's `events`; otherwise the same as channel_write_event_enable().
 *
 * `channel` is NULL or a channel. Any thread may call it.
 */
int channel_write_event_disable(struct channel *channel);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "common.h"
#include "event_loop.h"
#include "buffer.h"

#endif
