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

/// # Safety
/// On the loop's thread.
pub unsafe fn stop(l: *mut event_loop, id: u64) -> bool {
    // SAFETY: the caller's loop is live.
    unsafe { Loop::from_c(l) }.stop_timer(id)
}

/// # Safety
/// On the loop's thread.
pub unsafe fn until_next(l: *mut event_loop) -> Option<i64> {
    // SAFETY: the caller's loop is live.
    unsafe { Loop::from_c(l) }.until_next_timer()
}

/// # Safety
/// On the loop's thread, within a pass.
#[inline]
pub unsafe fn run(l: *mut event_loop) {
    // SAFETY: the caller's loop is live.
    unsafe { Loop::from_c(l) }.run_timers();
}

/// # Safety
/// On the loop's thread.
pub unsafe fn clear(l: *mut event_loop) {
    // SAFETY: the caller's loop is live.
    unsafe { Loop::from_c(l) }.timers.clear();
}
