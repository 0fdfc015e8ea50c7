//! The types of yolanda.h for timers.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use core::ffi::c_void;

/// Identifies a timer of a loop. It is never 0 and never reused for another timer of that loop.
pub type yolanda_timer = u64;

/// Called on the loop's thread when a timer is due. It may stop or restart this timer or others, and
/// start new ones; new timers are called in a later pass.
pub type yolanda_timer_callback = Option<
    unsafe extern "C-unwind" fn(
        eventLoop: *mut event_loop,
        timer: yolanda_timer,
        data: *mut c_void,
    ),
>;
