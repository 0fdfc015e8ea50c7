//! The types of lib/event_loop_thread.h.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_char, c_long};
use libc::{pthread_cond_t, pthread_mutex_t, pthread_t};

/// A thread that runs its own loop. If you provide the memory, initialise it with
/// event_loop_thread_init() and don't move it while the thread runs.
#[repr(C)]
pub struct event_loop_thread {
    /// The thread's loop; NULL until it runs.
    pub eventLoop: Cell<*mut event_loop>,
    /// The thread, which is joinable.
    pub thread_tid: Cell<pthread_t>,
    /// Protects `eventLoop` while the thread starts.
    pub mutex: UnsafeCell<pthread_mutex_t>,
    /// Signalled when `eventLoop` is set.
    pub cond: UnsafeCell<pthread_cond_t>,
    /// "Thread-1", "Thread-2", ...
    pub thread_name: Cell<*mut c_char>,
    /// Not used by the library.
    pub thread_count: Cell<c_long>,
}

assert_layout!(event_loop_thread, 120;
    eventLoop: 0, 8;
    thread_tid: 8, 8;
    mutex: 16, 40;
    cond: 56, 48;
    thread_name: 104, 8;
    thread_count: 112, 8;
);
