use crate::abi::types::event_loop;
use crate::abi::types::thread_pool;
use core::ffi::c_int;

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
    jump_to!(crate::reactor::threads::thread_pool::thread_pool_new)
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
    jump_to!(crate::reactor::threads::thread_pool::thread_pool_start)
}

/// Returns the loop whose turn it is, the main loop where there are no threads; NULL before
/// thread_pool_start(). On another thread than the main loop's it exits as assertInSameThread().
///
/// # Safety
/// `pool` is NULL or a pool.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn thread_pool_get_loop(pool: *mut thread_pool) -> *mut event_loop {
    jump_to!(crate::reactor::threads::thread_pool::thread_pool_get_loop)
}
