//! The types of lib/thread_pool.h.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use crate::abi::event_loop_thread::event_loop_thread;
use core::cell::Cell;
use core::ffi::c_int;

/// Threads with one loop each, used in turn. It comes from thread_pool_new(); the library keeps more
/// data after these fields.
#[repr(C)]
pub struct thread_pool {
    /// The loop that distributes work, and does the work itself if there are no threads.
    pub mainLoop: Cell<*mut event_loop>,
    /// Non-zero after thread_pool_start().
    pub started: Cell<c_int>,
    /// The number of threads.
    pub thread_number: Cell<c_int>,
    /// The threads, `thread_number` of them.
    pub eventLoopThreads: Cell<*mut event_loop_thread>,
    /// The index of the next thread in turn.
    pub position: Cell<c_int>,
}

assert_layout!(thread_pool, 32;
    mainLoop: 0, 8;
    started: 8, 4;
    thread_number: 12, 4;
    eventLoopThreads: 16, 8;
    position: 24, 4;
);
