//! Posts as callers see them that have no references yet.

use crate::abi::types::{event_loop, yolanda_loop_callback};
use crate::reactor::event_loop::state::Loop;
use libc::{c_int, c_void};

/// # Safety
/// A loop whose memory is kept.
pub unsafe fn post_function(
    l: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_function(callback, data)
}

/// # Safety
/// `l` is live.
pub unsafe fn post_expire(l: *mut event_loop, fd: c_int, id: u64) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_expire(fd, id);
}
