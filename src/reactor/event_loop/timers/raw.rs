//! Timers as callers see them that have no references yet.

use crate::abi::types::{event_loop, yolanda_timer_callback};
use crate::reactor::event_loop::state::Loop;
use libc::c_void;

/// # Safety
/// On the loop's thread.
pub unsafe fn start(
    l: *mut event_loop,
    delay_ms: i64,
    period_ms: i64,
    callback: yolanda_timer_callback,
    data: *mut c_void,
) -> u64 {
    // SAFETY: the caller's loop is live.
    unsafe { Loop::from_c(l) }.start_timer(delay_ms, period_ms, callback, data)
}
