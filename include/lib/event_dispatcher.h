/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_EVENT_DISPATCHER_H
#define YOLANDA_LIB_EVENT_DISPATCHER_H

struct channel;

struct event_loop;

struct timeval;

/**
 * A back end: how a loop waits for events of its channels.
 *
 * The library has two, `poll_dispatcher` and `epoll_dispatcher`. To use your own, or a modified copy
 * of these, set `eventLoop->eventDispatcher` after event_loop_init(), and `event_dispatcher_data` to
 * what its `init` returned. Before the next pass, every channel of the loop is added to it. All
 * functions are called on the loop's thread and report ready descriptors with
 * channel_event_activate().
 */
struct event_dispatcher {
    /**
     * Shown in the log.
     */
    const char *name;
    /**
     * Creates the back end's data for a loop; NULL on failure.
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
     * Applies the channel's changed `events` and checks again whether the descriptor is ready.
     * Returns 0, or -1 with errno.
     */
    int (*update)(struct event_loop *eventLoop, struct channel *channel);
    /**
     * Waits for at most the given time and activates the channels that are ready. Returns 0, or -1
     * with errno.
     */
    int (*dispatch)(struct event_loop *eventLoop, struct timeval *timeval);
    /**
     * Frees what `init` created.
     */
    void (*clear)(struct event_loop *eventLoop);
};

#include "channel.h"

#endif
