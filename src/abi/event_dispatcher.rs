//! The types of lib/event_dispatcher.h.

use crate::abi::channel::channel;
use crate::abi::event_loop::event_loop;
use core::ffi::{c_char, c_int, c_void};
use libc::timeval;

/// A back end: how a loop waits for events of its channels.
///
/// The library has two, `poll_dispatcher` and `epoll_dispatcher`. To use your own, or a modified copy
/// of these, set `eventLoop->eventDispatcher` after event_loop_init(), and `event_dispatcher_data` to
/// what its `init` returned. Before the next pass, every channel of the loop is added to it. All
/// functions are called on the loop's thread and report ready descriptors with
/// channel_event_activate().
#[repr(C)]
pub struct event_dispatcher {
    /// Shown in the log.
    pub name: *const c_char,
    /// Creates the back end's data for a loop; NULL on failure.
    pub init: Option<unsafe extern "C-unwind" fn(eventLoop: *mut event_loop) -> *mut c_void>,
    /// Starts waiting for the channel's `events`. Returns 0, or -1 with errno.
    pub add: Option<
        unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, channel: *mut channel) -> c_int,
    >,
    /// Stops waiting for the channel. Returns 0, or -1 with errno.
    pub del: Option<
        unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, channel: *mut channel) -> c_int,
    >,
    /// Applies the channel's changed `events` and checks again whether the descriptor is ready.
    /// Returns 0, or -1 with errno.
    pub update: Option<
        unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, channel: *mut channel) -> c_int,
    >,
    /// Waits for at most the given time and activates the channels that are ready. Returns 0, or -1
    /// with errno.
    pub dispatch: Option<
        unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, timeval: *mut timeval) -> c_int,
    >,
    /// Frees what `init` created.
    pub clear: Option<unsafe extern "C-unwind" fn(eventLoop: *mut event_loop)>,
}

// SAFETY: the library never writes to its two dispatchers, and their names are string literals.
unsafe impl Sync for event_dispatcher {}

assert_layout!(event_dispatcher, 56;
    name: 0, 8;
    init: 8, 8;
    add: 16, 8;
    del: 24, 8;
    update: 32, 8;
    dispatch: 40, 8;
    clear: 48, 8;
);
