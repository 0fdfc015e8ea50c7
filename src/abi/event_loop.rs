//! The types of lib/event_loop.h.

#![forbid(unsafe_code)]

use crate::abi::channel::channel;
use crate::abi::channel_map::channel_map;
use crate::abi::event_dispatcher::event_dispatcher;
use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_char, c_int, c_void};
use libc::{pthread_cond_t, pthread_mutex_t, pthread_t};

/// A queued change of a loop's channels.
#[repr(C)]
pub struct channel_element {
    /// 1: add, 2: remove, 3: update.
    pub r#type: c_int,
    /// The channel to change.
    pub channel: *mut channel,
    /// The next change in the queue.
    pub next: Cell<*mut channel_element>,
}

assert_layout!(channel_element, 24;
    r#type: 0, 4;
    channel: 8, 8;
    next: 16, 8;
);

/// A loop: it waits for events of its channels and calls their callbacks, on the thread that created
/// the loop.
///
/// It comes from event_loop_init() or yolanda_loop_new() and exists until yolanda_loop_free(). The
/// library keeps more data after these fields: never copy or allocate a loop yourself. Except for
/// `quit`, the fields may be used only on the loop's thread.
#[repr(C)]
pub struct event_loop {
    /// Any thread may set it to end event_loop_run(). This takes effect at once if
    /// event_loop_wakeup() follows, otherwise within a second.
    pub quit: Cell<c_int>,
    /// The back end. It may be replaced: see struct event_dispatcher.
    pub eventDispatcher: Cell<*const event_dispatcher>,
    /// What the back end's `init` returned.
    pub event_dispatcher_data: Cell<*mut c_void>,
    /// The channels by descriptor; NULL if none is registered.
    pub channelMap: Cell<*mut channel_map>,
    /// Non-zero while queued changes are being carried out.
    pub is_handle_pending: Cell<c_int>,
    /// The first queued change, or NULL.
    pub pending_head: Cell<*mut channel_element>,
    /// The last queued change, or NULL.
    pub pending_tail: Cell<*mut channel_element>,
    /// The loop's thread.
    pub owner_thread_id: Cell<pthread_t>,
    /// Protects the data that other threads pass to the loop.
    pub mutex: UnsafeCell<pthread_mutex_t>,
    /// Used together with `mutex`.
    pub cond: UnsafeCell<pthread_cond_t>,
    /// Wakes up the loop: a byte written to `[1]` is read from `[0]`.
    pub socketPair: Cell<[c_int; 2]>,
    /// The name of the loop in the log.
    pub thread_name: Cell<*mut c_char>,
}

assert_layout!(event_loop, 168;
    quit: 0, 4;
    eventDispatcher: 8, 8;
    event_dispatcher_data: 16, 8;
    channelMap: 24, 8;
    is_handle_pending: 32, 4;
    pending_head: 40, 8;
    pending_tail: 48, 8;
    owner_thread_id: 56, 8;
    mutex: 64, 40;
    cond: 104, 48;
    socketPair: 152, 8;
    thread_name: 160, 8;
);
