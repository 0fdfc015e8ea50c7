//! The functions of lib/event_loop_thread.h.

use crate::abi::types::event_loop;
use crate::abi::types::event_loop_thread;
use crate::exports::check::refuse;
use crate::reactor::parts::PARTS;
use crate::reactor::threads::hooks::Hooks;
use core::ffi::c_int;
use std::ptr;

/// Initialises a thread without starting it. `number` counts from 0 and determines the name:
/// "Thread-1" for 0.
///
/// Returns 0, or -1 with errno.
///
/// # Safety
/// `thread` is NULL or memory for the struct, which stays yours and must not move while the thread
/// runs. Only one thread at a time may use the struct.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_thread_init(
    thread: *mut event_loop_thread,
    number: c_int,
) -> c_int {
    if thread.is_null() {
        refuse("event_loop_thread_init: no thread");
        return -1;
    }
    // SAFETY: `thread` isn't NULL, so by contract it is memory for the struct, which contains nothing
    // that has to be dropped.
    if unsafe { event_loop_thread::init(thread, number) } {
        return 0;
    }
    log_err!("event_loop_thread_init: no memory");
    -1
}

/// Starts the thread and waits until its loop runs.
///
/// Returns that loop, which is valid until the thread is stopped, or NULL with errno if the thread or
/// its loop can't be made: EAGAIN and others of pthread_create(3), ENOMEM, EMFILE, ENFILE. End the
/// thread with yolanda_loop_thread_stop().
///
/// # Safety
/// `thread` is NULL or has been initialised by event_loop_thread_init(). Only one thread at a time may use
/// the struct.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_thread_start(
    thread: *mut event_loop_thread,
) -> *mut event_loop {
    let thread = non_null!(thread, "event_loop_thread_start: no thread", ptr::null_mut());
    thread.start(Hooks::NONE, &PARTS)
}
