use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_loop_callback, yolanda_loop_stats};
use crate::reactor::backend;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::parts::PARTS;
use crate::sys::errno;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// Makes a loop, owned by the calling thread. `name` stands in the log; it is copied, NULL counts as
/// "main thread". `dispatcher` is the back end, "epoll" or "poll"; NULL leaves the choice to the
/// environment and the compilation, as for event_loop_init().
///
/// Returns the loop, to be released with yolanda_loop_free(), or NULL with errno: EINVAL for another
/// dispatcher, ENOMEM, EMFILE, ENFILE.
///
/// # Safety
/// `name` and `dispatcher` are NULL or end with a NUL. Any thread may call it; the loop is that thread's.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_new(
    name: *const c_char,
    dispatcher: *const c_char,
) -> *mut event_loop {
    // SAFETY: NULL or C strings; the copy becomes the loop's.
    unsafe {
        let backend = if dispatcher.is_null() {
            backend::chosen()
        } else {
            backend::named(core::ffi::CStr::from_ptr(dispatcher).to_bytes())
        };
        if backend.is_null() {
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let name = if name.is_null() { c"main thread".as_ptr() } else { name };
        let copy = libc::strdup(name);
        if copy.is_null() {
            return ptr::null_mut();
        }
        let l = Loop::create(copy, backend, &PARTS);
        if l.is_null() {
            let _keep = errno::Keep::new();
            libc::free(copy.cast());
        } else {
            Loop::from_c(l).name.set(copy);
        }
        l
    }
}

/// Frees a loop, also one of event_loop_init(), with all that it has: the servers and clients that
/// were made on it, thread pools with their threads and loops, connections, timers, signal handlers.
/// Functions that were posted are called before, connections get their closed callback. Channels that the
/// program added stay the program's, as do acceptors of acceptor_init().
///
/// Connections that are retained remain, closed, until they are released. Other threads may go on to
/// use those: what they post to the loop, once its servers and threads have ended, is refused with
/// ESHUTDOWN. The loop itself is nobody's any more when this returns.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY inside a callback of the
/// loop (quit it, and free it when event_loop_run() has returned).
///
/// # Safety
/// `eventLoop` is NULL or a loop that isn't freed yet. Only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_free(eventLoop: *mut event_loop) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_free", -1);
    if l.depth.get() > 0 {
        return errno::fail(libc::EBUSY);
    }
    // SAFETY: the loop's thread, and no callback of the loop is on its stack.
    unsafe { l.free() };
    0
}

/// Makes a loop that a child process has inherited through fork(2) the child's own, while the parent goes
/// on using its copy. The child's copy gets an epoll descriptor and a wake-up socket pair of its own, and
/// belongs to the calling thread. A child that is the only one to use a loop (as after daemon(3)) needs no
/// call.
///
/// Channels, timers, signal watchers, clients and servers go on in the child; watching a channel or freeing
/// the loop changes nothing for the parent. Listening sockets are shared: each client is accepted by one of
/// the two processes. The file of a Unix socket stays the parent's: the child doesn't remove it. Functions
/// that were posted and not called yet are called in both processes. A name look-up that was under way ends
/// with its time limit. yolanda_loop_fd() returns another descriptor afterwards.
///
/// A connection belongs to one of the two processes. The other one closes its copy with
/// yolanda_connection_close(), or frees the loop, before it runs the loop. That sends nothing, whereas
/// tcp_connection_shutdown() and yolanda_connection_close_after_send() end the connection for both. HTTP
/// answers that were still to be sent at the time of the fork are sent by the parent only.
///
/// Call fork(2) outside of the loop's callbacks, and while no other thread is in a call of the library.
///
/// Returns 0, or -1 with errno, and nothing has changed then: EINVAL for NULL; EBUSY inside a callback of
/// the loop, and for a loop with worker threads, which don't survive a fork (the child then leaves the loop
/// alone); EPERM on another thread of the process that made the loop; ENOTSUP for a back end without
/// `init`; EMFILE, ENFILE, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that isn't freed yet. On its thread; in a child on the only thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_reinit(eventLoop: *mut event_loop) -> c_int {
    let l = event_loop!(eventLoop, "yolanda_loop_reinit", -1);
    l.reinit().map_or_else(errno::fail, |()| 0)
}

/// Ends event_loop_run() and yolanda_loop_run_once() of a loop, at the end of the pass that runs or at
/// once where the loop waits. It sets `eventLoop->quit`, which stays set: called before the loop runs, it
/// makes that return at once. To run the loop again, set the field to 0.
///
/// Returns 0, or -1 with EINVAL for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_quit(eventLoop: *mut event_loop) -> c_int {
    // No line for NULL: a signal handler may call this.
    if eventLoop.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a loop that hasn't been freed.
    unsafe { Loop::from_c(eventLoop) }.quit();
    0
}

/// Runs the loop until at least one callback was called, somebody has woken it up, or `limit_ms`
/// milliseconds are over: 0 looks without waiting, -1 sets no limit. It may be called inside a callback of
/// the loop: it then goes on with what the outer pass has still to do. The callback's own connection may
/// have ended when it returns.
///
/// Returns how many callbacks were called, 0 when the time is over or the loop is to quit; -1 with errno:
/// EINVAL for NULL or another negative limit, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_run_once(
    eventLoop: *mut event_loop,
    limit_ms: i64,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_run_once", -1);
    if limit_ms < -1 {
        return errno::fail(libc::EINVAL);
    }
    l.run_once(limit_ms).min(c_int::MAX as u64) as c_int
}

/// Has `callback(eventLoop, data)` called on the loop's thread, once, never before this returns. What one
/// thread posts is called in the order of its calls, and nothing is lost; the sends, shutdowns and channel
/// changes of that thread have their place in the same order. On the loop's own thread those take effect at
/// once, and the function is called later in the pass. What was posted before yolanda_loop_quit() is called
/// before event_loop_run() returns. Many posts wake the loop up once.
///
/// Returns 0, or -1 with errno: EINVAL for NULL (`data` may be NULL), ENOMEM, ESHUTDOWN for a loop that is
/// being freed: the function is never called then.
///
/// # Safety
/// `eventLoop` is NULL or a loop; `data` stays yours, and is valid until the call. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_post(
    eventLoop: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    let l = event_loop!(eventLoop, "yolanda_loop_post", -1);
    if callback.is_none() {
        return errno::fail(libc::EINVAL);
    }
    l.post_function(callback, data)
}

/// A descriptor that is readable while the loop has events, so that another loop can watch it (poll(2),
/// asyncio, libuv, Qt): when it is readable, or when yolanda_loop_timeout() is over, call
/// yolanda_loop_run_once(eventLoop, 0). It stays the loop's: neither read nor close it.
///
/// Returns the descriptor, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTSUP for a back
/// end of the program's own, EMFILE, ENFILE, ENOMEM, ENOSPC (fs.epoll.max_user_watches).
///
/// # Safety
/// `eventLoop` is NULL or a loop. Only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_fd(eventLoop: *mut event_loop) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_fd", -1);
    backend::descriptor(l)
}

/// How many milliseconds may pass until yolanda_loop_run_once() is due although nothing has happened to
/// the loop's descriptor: 0 when there is work now, -1 when there is no limit. Ask before each wait.
///
/// Returns -2 with errno on failure: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_timeout(eventLoop: *mut event_loop) -> i64 {
    let l = own_loop!(eventLoop, "yolanda_loop_timeout", -2);
    if l.quits() {
        return 0;
    }
    l.may_wait().unwrap_or(-1)
}

/// The name of the loop's back end: "epoll", "poll", or what a program's own has.
///
/// Returns NULL with EINVAL for NULL. The text is the back end's.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Any thread may call it while none changes the back end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_dispatcher(eventLoop: *mut event_loop) -> *const c_char {
    let l = event_loop!(eventLoop, "yolanda_loop_dispatcher", ptr::null());
    l.back_end_name()
}

/// Tells what a loop has done: fills the `size` bytes of `stats`, sizeof(struct yolanda_loop_stats) of the
/// program's header. Each number is right for itself; read on another thread, they may be of slightly
/// different moments.
///
/// Returns 0, or -1 with EINVAL for NULL or a size of 0.
///
/// # Safety
/// `eventLoop` is NULL or a loop; `stats` has `size` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_get_stats(
    eventLoop: *mut event_loop,
    stats: *mut yolanda_loop_stats,
    size: usize,
) -> c_int {
    let l = event_loop!(eventLoop, "yolanda_loop_get_stats", -1);
    if stats.is_null() || size == 0 {
        return errno::fail(libc::EINVAL);
    }
    let now = l.stats();
    // SAFETY: `size` bytes of the program's, of which no more are written.
    unsafe {
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        let len = size.min(size_of::<yolanda_loop_stats>());
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
