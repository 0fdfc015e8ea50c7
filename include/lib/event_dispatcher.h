/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_EVENT_DISPATCHER_H
#define YOLANDA_LIB_EVENT_DISPATCHER_H

struct channel;

struct event_loop;

struct timeval;

/**
 * A back end: the way in which a loop waits for its channels.
 *
 * The library has two, `poll_dispatcher` and `epoll_dispatcher`. To use one of your own, or a modified
 * copy of these, set `eventLoop->eventDispatcher` after event_loop_init(), and `event_dispatcher_data`
 * to what its `init` has returned: before the next pass, every channel of the loop is added to it. All
 * functions are called on the loop's thread and report ready descriptors with
 * channel_event_activate().
 */
struct event_dispatcher {
    /**
     * Shown in the log.
     */
    const char *name;
    /**
     * Makes the back end's data for a loop; NULL on failure.
     */
    void *(*init)(struct event_loop *eventLoop);
    /**
     * Starts waiting for the channel's `events`. Returns 0, or -1 with errno.
     */
    int (*add)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Stops waiting for the channel. Returns 0, or -1 with errno.
     */
    int (*del)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Uses the channel's changed `events` and checks again whether the descriptor is ready. Returns 0,
     * or -1 with errno.
     */
    int (*update)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Waits, no longer than the timeval says, and activates the channels that are ready. Returns 0, or
     * -1 with errno.
     */
    int (*dispatch)(struct event_loop *eventLoop, struct timeval *timeval);
    /**
     * Releases what `init` has made.
     */
    void (*clear)(struct event_loop *eventLoop);
};

#include "channel.h"

#endif
