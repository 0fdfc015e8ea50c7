use core::ffi::{c_char, c_int, c_long};

use libc::{pthread_cond_t, pthread_mutex_t, pthread_t};

use super::event_loop::event_loop;

/// A thread that runs a loop of its own. The memory may be yours; set it up with
/// event_loop_thread_init() and leave it where it is while the thread runs.
#[repr(C)]
pub struct event_loop_thread {
    /// The thread's loop; NULL until it runs.
    pub eventLoop: *mut event_loop,
    /// The thread, joinable.
    pub thread_tid: pthread_t,
    /// Guards `eventLoop` while the thread starts.
    pub mutex: pthread_mutex_t,
    /// Signalled when `eventLoop` is set.
    pub cond: pthread_cond_t,
    /// "Thread-1", "Thread-2", ...
    pub thread_name: *mut c_char,
    /// Not used by the library.
    pub thread_count: c_long,
}

assert_layout!(event_loop_thread, 120;
    eventLoop: 0, 8;
    thread_tid: 8, 8;
    mutex: 16, 40;
    cond: 56, 48;
    thread_name: 104, 8;
    thread_count: 112, 8;
);

/// Sets up a thread that hasn't started. `number` counts from 0 and gives the name: "Thread-1" for
/// 0.
///
/// Returns 0, or -1 with errno.
///
/// # Safety
/// `thread` is NULL or memory of yours for the struct.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn event_loop_thread_init(
    thread: *mut event_loop_thread,
    number: c_int,
) -> c_int {
    jump_to!(crate::reactor::event_loop_thread::event_loop_thread_init)
}

/// Starts the thread and waits until its loop runs.
///
/// Returns that loop, or NULL with errno when the thread or its loop can't be made.
///
/// # Safety
/// `thread` is NULL or has been set up by event_loop_thread_init().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn event_loop_thread_start(
    thread: *mut event_loop_thread,
) -> *mut event_loop {
    jump_to!(crate::reactor::event_loop_thread::event_loop_thread_start)
}
