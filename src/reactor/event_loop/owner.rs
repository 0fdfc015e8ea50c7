//! Which thread a loop belongs to.

use crate::abi::types::event_loop;
use libc::c_int;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Whether the calling thread owns `l`, by the public field, which a program may change.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn on_owner(l: *const event_loop) -> bool {
    // SAFETY: the caller's loop is live; pthread_t is an integer on Linux.
    unsafe { owner(l).load(Relaxed) == libc::pthread_self() }
}

/// Makes the calling thread the owner of `l`.
///
/// # Safety
/// `l` is a live loop whose owner doesn't use it any more.
pub unsafe fn take_over(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe { owner(l).store(libc::pthread_self(), Relaxed) }
}

/// Other threads ask whose a loop is while it changes hands.
unsafe fn owner<'a>(l: *const event_loop) -> &'a AtomicU64 {
    // SAFETY: an aligned field of a live loop, which outlives the use of the reference.
    unsafe { AtomicU64::from_ptr((*l).owner_thread_id.as_ptr()) }
}

pub unsafe extern "C" fn assertInSameThread(eventLoop: *mut event_loop) {
    if eventLoop.is_null() {
        log_err!("assertInSameThread: no event loop");
        return;
    }
    // SAFETY: not NULL, so a live loop by this function's contract.
    if unsafe { !on_owner(eventLoop) } {
        log_err!("not in the same thread");
        // SAFETY: ends the process as the original does.
        unsafe { libc::exit(-1) }
    }
}

pub unsafe extern "C" fn isInSameThread(eventLoop: *mut event_loop) -> c_int {
    if eventLoop.is_null() {
        log_err!("isInSameThread: no event loop");
        return 0;
    }
    // SAFETY: as above.
    unsafe { on_owner(eventLoop) as c_int }
}
