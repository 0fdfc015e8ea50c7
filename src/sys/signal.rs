//! Signal actions of the process (sigaction(2)).

use libc::{c_int, sigaction};
use std::mem;
use std::ptr;

// SAFETY: plain data, for which all zeroes are a valid value.
pub const NO_ACTION: sigaction = unsafe { mem::zeroed() };

/// The current action for a signal. None with errno.
pub fn action(number: c_int) -> Option<sigaction> {
    let mut now = NO_ACTION;
    // SAFETY: the kernel fills the struct.
    (unsafe { libc::sigaction(number, ptr::null(), &mut now) } == 0).then_some(now)
}

/// Installs a handler of the library, which runs with all signals blocked. Interrupted system calls are
/// restarted. The handler runs on the thread's alternate stack if it has one, because the stack of a goroutine or
/// coroutine may be too small. False with errno.
pub fn handle(number: c_int, handler: extern "C" fn(c_int)) -> bool {
    let mut ours = NO_ACTION;
    ours.sa_sigaction = address(handler);
    ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: sigfillset fills the mask.
    unsafe { libc::sigfillset(&mut ours.sa_mask) };
    // SAFETY: the function has the signature of a handler without SA_SIGINFO.
    unsafe { set(number, &ours) }
}

/// The address of a handler, as `sigaction` stores it.
pub fn address(handler: extern "C" fn(c_int)) -> usize {
    handler as *const () as usize
}

/// Installs an action. False with errno.
///
/// # Safety
/// `action` returned it, or its handler is a function that the kernel can call so.
pub unsafe fn set(number: c_int, action: &sigaction) -> bool {
    // SAFETY: the kernel copies the struct. By contract its handler is callable with these flags.
    unsafe { libc::sigaction(number, action, ptr::null_mut()) == 0 }
}
