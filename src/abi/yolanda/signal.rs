//! The types of yolanda.h for signals.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use core::ffi::{c_int, c_void};

/// Identifies a watcher of a signal. It is never 0 and never reused.
pub type yolanda_signal = u64;

/// Called on the loop's thread, in a pass of the loop, after a signal has arrived. It isn't a
/// signal handler, so it may do anything that a callback may do. It may stop this watcher or others,
/// and start new ones.
pub type yolanda_signal_callback = Option<
    unsafe extern "C-unwind" fn(
        eventLoop: *mut event_loop,
        signal_number: c_int,
        data: *mut c_void,
    ),
>;
