//! Posts as callers see them that have no references yet.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::Loop;
use libc::c_int;

/// # Safety
/// `l` is live.
pub unsafe fn post_expire(l: *mut event_loop, fd: c_int, id: u64) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_expire(fd, id);
}
