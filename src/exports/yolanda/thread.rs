//! The functions of yolanda.h for threads and their pools.

use crate::abi::types::event_loop_thread;
use crate::abi::types::thread_pool;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::errno;
use core::ffi::c_int;

/// Ends a thread of event_loop_thread_start(). On that thread, its loop quits, posted functions are
/// called, and its connections are closed with their closed callbacks. Then the thread is joined, and
/// its loop is freed. Afterwards `thread_tid` is 0 and `eventLoop` is NULL, and the struct may be
/// started again. `thread_name` stays.
///
/// A thread that was never started, or that was already stopped, is left unchanged. A program that
/// has set `quit` and joined the thread itself must set `thread_tid` to 0 before it calls this
/// function, which then closes and frees the loop's objects on the calling thread.
///
/// Returns 0, or -1 with errno: EINVAL for NULL and for a thread that the program has detached
/// (pthread_detach(3)), whose loop remains; EDEADLK on the thread itself, and if pthread_join(3)
/// detects that the thread is waiting for the caller, which not every C library does.
///
/// # Safety
/// `thread` is NULL or has been initialised by event_loop_thread_init(). No other thread may use the
/// thread's loop, but a retained connection may outlive it. Any thread but this one may call it, also
/// inside callbacks, but only one at a time, and without holding locks that the thread's callbacks
/// take.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_thread_stop(thread: *mut event_loop_thread) -> c_int {
    let thread = non_null!(thread, "yolanda_loop_thread_stop: no thread", -1);
    thread.stop().map_or_else(errno::fail, |()| 0)
}

/// Ends the threads of a pool, each like yolanda_loop_thread_stop(), and frees the pool. A server's own
/// pool is freed by yolanda_server_free(). A pool that was started is freed with its main loop at the
/// latest, by yolanda_loop_free().
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY for a server's pool, EPERM on any thread but
/// the main loop's, EDEADLK on one of the pool's own threads and if pthread_join(3) detects that one
/// of them is waiting for the caller, which not every C library does.
///
/// # Safety
/// `pool` is NULL or a pool that hasn't been freed. Call it only on its main loop's thread, without
/// holding locks that callbacks on the pool's threads take; also allowed inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_thread_pool_free(pool: *mut thread_pool) -> c_int {
    let own = thread_pool!(pool, "yolanda_thread_pool_free", -1);
    // SAFETY: `may_be_freed` has checked that this is the main loop's thread and that the pool belongs to no server,
    // and by the header the pool isn't used after this call.
    let freed = own.may_be_freed().and_then(|()| unsafe { Pool::free(own.into()) });
    freed.map_or_else(errno::fail, |()| 0)
}
