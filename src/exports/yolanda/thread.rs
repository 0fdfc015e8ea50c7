//! The functions of yolanda.h for threads and their pools.

use crate::abi::types::event_loop;
use crate::abi::types::event_loop_thread;
use crate::abi::types::thread_pool;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::errno;
use core::ffi::c_int;
use core::ptr::null_mut;

/// Makes a thread without starting it, for programs that have no memory for the struct:
/// event_loop_thread_start() starts it. `number` counts from 0 and determines the name: "Thread-1" for
/// 0.
///
/// Returns the thread, or NULL with errno ENOMEM. Release it with yolanda_loop_thread_free().
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_thread_new(number: c_int) -> *mut event_loop_thread {
    event_loop_thread::make(number)
}

/// Ends a thread of yolanda_loop_thread_new() like yolanda_loop_thread_stop(), and frees it.
///
/// Returns 0, or -1 with errno like yolanda_loop_thread_stop(), and then nothing was freed.
///
/// # Safety
/// `thread` is NULL or a thread of yolanda_loop_thread_new(). It must not be used again. Any thread but
/// this one may call it, under the conditions of yolanda_loop_thread_stop().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_thread_free(thread: *mut event_loop_thread) -> c_int {
    non_null!(thread, "yolanda_loop_thread_free: no thread", -1);
    // SAFETY: the thread isn't NULL, so it is one that was made here, and the caller gives it up.
    unsafe { event_loop_thread::free(thread) }.map_or_else(errno::fail, |()| 0)
}

/// Returns the loop of a thread, from event_loop_thread_start() until yolanda_loop_thread_stop(), which
/// frees it.
///
/// Returns NULL with errno: ENOENT if the thread doesn't run, EINVAL for NULL.
///
/// # Safety
/// `thread` is NULL or has been set up by event_loop_thread_init() or yolanda_loop_thread_new(). Only
/// one thread at a time may use the struct.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_thread_loop(
    thread: *mut event_loop_thread,
) -> *mut event_loop {
    let thread = non_null!(thread, "yolanda_loop_thread_loop: no thread", null_mut());
    match thread.event_loop() {
        Some(l) => l.as_c(),
        None => {
            errno::set(libc::ENOENT);
            null_mut()
        }
    }
}

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
/// `thread` is NULL or has been set up by event_loop_thread_init() or yolanda_loop_thread_new(). No
/// other thread may use the thread's loop, but a retained connection may outlive it. Any thread but this one may call it, inside
/// callbacks too, but only one at a time, and without holding locks that the thread's callbacks take.
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
