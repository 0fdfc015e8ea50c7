use crate::abi::types::event_loop;
use core::ffi::c_int;

/// On another thread than the loop's: logs `not in the same thread` as an error and exits with
/// status -1. For NULL it logs an error and returns.
///
/// # Safety
/// `eventLoop` is NULL or a loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn assertInSameThread(eventLoop: *mut event_loop) {
    jump_to!(crate::reactor::event_loop::owner::assertInSameThread)
}

/// Returns 1 on the loop's thread, 0 on any other and for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn isInSameThread(eventLoop: *mut event_loop) -> c_int {
    jump_to!(crate::reactor::event_loop::owner::isInSameThread)
}
