//! The types of yolanda.h for loops.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use core::ffi::c_void;

/// A function that a loop calls on its own thread.
pub type yolanda_loop_callback =
    Option<unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, data: *mut c_void)>;

/// Counters of a loop since it was created. Later versions may add fields at the end.
#[repr(C)]
pub struct yolanda_loop_stats {
    /// Passes (iterations) of the loop.
    pub passes: u64,
    /// How often another thread or a signal handler has ended the loop's wait.
    pub wakeups: u64,
    /// Calls of callbacks of channels, posted functions, timers and signal watchers.
    pub callbacks: u64,
    /// Posted functions that were called.
    pub posts: u64,
    /// Timers that are currently running.
    pub timers: u64,
    /// Connections that are currently open.
    pub connections: u64,
    /// Connections in total.
    pub connections_total: u64,
    /// Bytes that connections have received.
    pub bytes_read: u64,
    /// Bytes that the system has accepted for sending.
    pub bytes_written: u64,
}
