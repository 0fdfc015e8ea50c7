//! What the process does on a signal: sigaction(2).

use libc::{c_int, sigaction};
use std::mem;
use std::ptr;

// SAFETY: plain values, of each of which zero is one.
pub const NO_ACTION: sigaction = unsafe { mem::zeroed() };

/// What is done on a signal now; None with errno.
pub fn action(number: c_int) -> Option<sigaction> {
    let mut now = NO_ACTION;
    // SAFETY: the kernel fills the struct.
    (unsafe { libc::sigaction(number, ptr::null(), &mut now) } == 0).then_some(now)
}

/// Has a handler of the library called, with all signals blocked. System calls go on afterwards, and the handler runs
/// on the thread's alternate stack if it has one: its own may be too small, with goroutines or coroutines. False with
/// errno.
pub fn handle(number: c_int, handler: extern "C" fn(c_int)) -> bool {
    let mut ours = NO_ACTION;
    ours.sa_sigaction = address(handler);
    ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: fills the mask that it is given.
    unsafe { libc::sigfillset(&mut ours.sa_mask) };
    // SAFETY: the function takes what the kernel gives a handler without SA_SIGINFO.
    unsafe { set(number, &ours) }
}

/// A handler's address, as an action has it.
pub fn address(handler: extern "C" fn(c_int)) -> usize {
    handler as *const () as usize
}

/// Puts an action in place. False with errno.
///
/// # Safety
/// `action` returned it, or its handler is a function that the kernel can call so.
pub unsafe fn set(number: c_int, action: &sigaction) -> bool {
    // SAFETY: the kernel copies the struct; the caller knows its handler.
    unsafe { libc::sigaction(number, action, ptr::null_mut()) == 0 }
}
