use crate::abi::types::event_loop;
use crate::abi::types::event_loop_thread;
use core::ffi::c_int;

/// Sets up a thread without starting it. `number` counts from 0 and determines the name: "Thread-1" for
/// 0.
///
/// Returns 0, or -1 with errno.
///
/// # Safety
/// `thread` is NULL or memory for the struct, which stays yours and must not move while the thread
/// runs. Only one thread at a time may use the struct.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn event_loop_thread_init(
    thread: *mut event_loop_thread,
    number: c_int,
) -> c_int {
    jump_to!(crate::reactor::threads::event_loop_thread::event_loop_thread_init)
}

/// Starts the thread and waits until its loop runs.
///
/// Returns that loop, or NULL with errno if the thread or its loop can't be made. End the thread with
/// yolanda_loop_thread_stop().
///
/// # Safety
/// `thread` is NULL or has been set up by event_loop_thread_init(). Only one thread at a time may use
/// the struct.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn event_loop_thread_start(
    thread: *mut event_loop_thread,
) -> *mut event_loop {
    jump_to!(crate::reactor::threads::event_loop_thread::event_loop_thread_start)
}
