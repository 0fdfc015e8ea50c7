//! The types of yolanda.h for loops.

use crate::abi::event_loop::event_loop;
use core::ffi::c_void;

/// A function that a loop calls on its own thread.
pub type yolanda_loop_callback =
    Option<unsafe extern "C-unwind" fn(eventLoop: *mut event_loop, data: *mut c_void)>;

/// What a loop has done since it was made. Later versions may add fields at the end.
#[repr(C)]
pub struct yolanda_loop_stats {
    /// Passes of the loop.
    pub passes: u64,
    /// How often another thread or a signal handler has ended a wait.
    pub wakeups: u64,
    /// Calls of channels, posted functions, timers and signal watchers.
    pub callbacks: u64,
    /// Posted functions that were called.
    pub posts: u64,
    /// Timers that are running at the moment.
    pub timers: u64,
    /// Connections that are open at the moment.
    pub connections: u64,
    /// All connections so far.
    pub connections_total: u64,
    /// Bytes that connections have received.
    pub bytes_read: u64,
    /// Bytes that the system has taken from connections.
    pub bytes_written: u64,
}
