use crate::abi::types::event_loop_thread;
use crate::abi::types::thread_pool;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::errno;
use core::ffi::c_int;

/// Ends a thread of event_loop_thread_start(): its loop quits, what was posted to it is run, and its
/// connections are closed with their closed callbacks, all on that thread, which is then joined;
/// at last its loop is freed. `thread_tid` is 0 and `eventLoop` NULL afterwards; the struct may be
/// started again. `thread_name` stays.
///
/// A thread that was never started, or was stopped, is left as it is. A program that has set `quit`
/// and joined the thread itself sets `thread_tid` to 0 before it calls this, which then closes and
/// frees what the loop has on the calling thread.
///
/// Returns 0, or -1 with errno: EINVAL for NULL and for a thread that the program has detached
/// (pthread_detach(3)), whose loop stays; EDEADLK on the thread itself, and when pthread_join(3) finds that
/// the thread waits for the caller, which not every version of it does.
///
/// # Safety
/// `thread` is NULL or was set up by event_loop_thread_init(). Any thread but this one may call it, one at
/// a time, inside callbacks too, without locks that the thread's callbacks want to take. Nobody uses the
/// thread's loop any more. A connection of another thread that is retained may outlive it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_thread_stop(thread: *mut event_loop_thread) -> c_int {
    let thread = non_null!(thread, "yolanda_loop_thread_stop: no thread", -1);
    thread.stop().map_or_else(errno::fail, |()| 0)
}

/// Ends the threads of a pool, each as yolanda_loop_thread_stop() does, and frees the pool. A
/// server's own pool goes with yolanda_server_free(), and a pool that was started goes with
/// yolanda_loop_free() of its main loop at the latest.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY for a server's pool, EPERM on another thread
/// than the main loop's, EDEADLK on one of the pool's own threads and where
/// pthread_join(3) finds that one of them waits for the caller, which not every version of it does.
///
/// # Safety
/// `pool` is NULL or a pool that isn't freed yet. Only on its main loop's thread, inside callbacks too,
/// without locks that the threads' callbacks want to take.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_thread_pool_free(pool: *mut thread_pool) -> c_int {
    let own = thread_pool!(pool, "yolanda_thread_pool_free", -1);
    // SAFETY: the caller's pool, which nobody uses afterwards.
    let freed = own.may_be_freed().and_then(|()| unsafe { Pool::free(own.into()) });
    freed.map_or_else(errno::fail, |()| 0)
}
