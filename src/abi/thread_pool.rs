use core::ffi::c_int;

use super::event_loop::event_loop;
use super::event_loop_thread::event_loop_thread;

/// Threads with a loop each, which take turns. From thread_pool_new(); the library keeps more behind
/// these fields.
#[repr(C)]
pub struct thread_pool {
    /// The loop that hands out work, and takes it itself where there are no threads.
    pub mainLoop: *mut event_loop,
    /// Non-zero once thread_pool_start() was called.
    pub started: c_int,
    /// How many threads there are.
    pub thread_number: c_int,
    /// The threads, `thread_number` of them.
    pub eventLoopThreads: *mut event_loop_thread,
    /// Whose turn is next.
    pub position: c_int,
}

assert_layout!(thread_pool, 32;
    mainLoop: 0, 8;
    started: 8, 4;
    thread_number: 12, 4;
    eventLoopThreads: 16, 8;
    position: 24, 4;
);

/// Makes a pool of `threadNumber` threads that haven't started. 0 or less: the main loop does all.
///
/// Returns NULL with errno when memory is out or the loop is NULL.
///
/// # Safety
/// `mainLoop` is NULL or a loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn thread_pool_new(
    mainLoop: *mut event_loop,
    threadNumber: c_int,
) -> *mut thread_pool {
    jump_to!(crate::reactor::thread_pool::thread_pool_new)
}

/// Starts the threads, once: a second call does nothing. Threads that can't be started are left out
/// with an error in the log. On another thread than the main loop's it exits as
/// assertInSameThread().
///
/// # Safety
/// `pool` is NULL or a pool.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn thread_pool_start(pool: *mut thread_pool) {
    jump_to!(crate::reactor::thread_pool::thread_pool_start)
}

/// Returns the loop whose turn it is, the main loop where there are no threads; NULL before
/// thread_pool_start(). On another thread than the main loop's it exits as assertInSameThread().
///
/// # Safety
/// `pool` is NULL or a pool.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn thread_pool_get_loop(pool: *mut thread_pool) -> *mut event_loop {
    jump_to!(crate::reactor::thread_pool::thread_pool_get_loop)
}
