//! The functions of lib/utils.h.

use crate::abi::types::event_loop;
use core::ffi::c_int;

/// Checks that the loop belongs to the calling thread. On any other thread it logs
/// `not in the same thread` as an error and exits with status -1. For NULL it logs an error and returns.
///
/// # Safety
/// `eventLoop` is NULL or a live loop. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn assertInSameThread(eventLoop: *mut event_loop) {
    non_null_or_log!(eventLoop, "assertInSameThread: no event loop").require_owner();
}

/// Returns 1 on the loop's thread, 0 on any other thread and for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a live loop. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isInSameThread(eventLoop: *mut event_loop) -> c_int {
    c_int::from(non_null_or_log!(eventLoop, "isInSameThread: no event loop", 0).is_mine())
}
