/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_EVENT_DISPATCHER_H
#define YOLANDA_LIB_EVENT_DISPATCHER_H

struct channel;

struct event_loop;

struct timeval;

/**
 * A back end: how a loop waits for its channels.
 *
 * `poll_dispatcher` and `epoll_dispatcher` are two. One of your own, or a changed copy of these,
 * goes into `eventLoop->eventDispatcher` after event_loop_init(), with what its `init` returned in
 * `event_dispatcher_data`: before the next pass every channel of the loop is added to it. All are
 * called on the loop's thread and report readiness with channel_event_activate().
 */
struct event_dispatcher {
    /**
     * Shown in the log.
     */
    const char *name;
    /**
     * Makes the back end's own data for one loop; NULL if it can't.
     */
    void *(*init)(struct event_loop *eventLoop);
    /**
     * Begins to wait for the channel's `events`. Returns 0, or -1 with errno.
     */
    int (*add)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Stops waiting for the channel. Returns 0, or -1 with errno.
     */
    int (*del)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Takes over changed `events` and looks at readiness afresh. Returns 0, or -1 with errno.
     */
    int (*update)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Waits, at most as long as the timeval says, and activates what is ready. Returns 0, or -1
     * with errno.
     */
    int (*dispatch)(struct event_loop *eventLoop, struct timeval *timeval);
    /**
     * Releases what `init` made.
     */
    void (*clear)(struct event_loop *eventLoop);
};

#include "channel.h"

#endif
