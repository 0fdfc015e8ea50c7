//! The functions of lib/thread_pool.h.

use crate::abi::types::event_loop;
use crate::abi::types::thread_pool;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::threads::thread_pool::Pool;
use core::ffi::c_int;
use std::ptr;

/// Makes a pool of `threadNumber` threads without starting them. With 0 or less, the main loop does
/// all the work.
///
/// Returns the pool, or NULL with errno: EINVAL for a NULL loop, ENOMEM. Release it with
/// yolanda_thread_pool_free().
///
/// # Safety
/// `mainLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn thread_pool_new(
    mainLoop: *mut event_loop,
    threadNumber: c_int,
) -> *mut thread_pool {
    event_loop!(mainLoop, "thread_pool_new", ptr::null_mut());
    Pool::allocate(mainLoop, threadNumber)
}

/// Starts the threads. A second call does nothing. Threads that can't be started are left out, and an
/// error is logged. On any thread but the main loop's it exits like assertInSameThread().
///
/// # Safety
/// `pool` is NULL or a pool that hasn't been freed. Call it only on the main loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn thread_pool_start(pool: *mut thread_pool) {
    thread_pool!(pool, "thread_pool_start").start();
}

/// Returns the next loop in turn, or the main loop if there are no threads; NULL with errno EINVAL
/// before thread_pool_start(). The loop is valid until the pool is freed. On any thread but the main
/// loop's it exits like assertInSameThread().
///
/// # Safety
/// `pool` is NULL or a pool that hasn't been freed. Call it only on the main loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn thread_pool_get_loop(pool: *mut thread_pool) -> *mut event_loop {
    let pool = thread_pool!(pool, "thread_pool_get_loop", ptr::null_mut());
    pool.next_loop().map_or(ptr::null_mut(), RemoteLoop::as_c)
}
