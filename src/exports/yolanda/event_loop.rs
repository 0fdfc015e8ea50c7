//! The functions of yolanda.h for loops.

use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_loop_callback, yolanda_loop_stats};
use crate::reactor::backend;
use crate::reactor::event_loop::posts::Call;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::parts::PARTS;
use crate::sys::errno;
use crate::sys::explained::{Lossy, explain};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// Makes a loop that belongs to the calling thread. `name` appears in the log and is copied; NULL
/// stands for "main thread". In a program that makes its first loop with this function, the library
/// logs only warnings and errors, on stderr (see yolanda_log_set_level()). `dispatcher` is the back end, "epoll" or "poll"; NULL leaves the choice to
/// the environment and the compilation, as for event_loop_init().
///
/// Returns the loop, or NULL with errno: EINVAL for another dispatcher, ENOMEM, EMFILE, ENFILE. Release
/// it with yolanda_loop_free().
///
/// # Safety
/// `name` and `dispatcher` are NULL or NUL-terminated strings. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_new(
    name: *const c_char,
    dispatcher: *const c_char,
) -> *mut event_loop {
    crate::log::quiet_style();
    // SAFETY: NULL or C strings; the copy becomes the loop's.
    unsafe {
        let backend = if dispatcher.is_null() {
            backend::chosen()
        } else {
            backend::named(core::ffi::CStr::from_ptr(dispatcher).to_bytes())
        };
        if backend.is_null() {
            let name = core::ffi::CStr::from_ptr(dispatcher).to_bytes();
            errno::set(explain!(libc::EINVAL, "no such dispatcher: {}", Lossy(name)));
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

/// Frees a loop, also one of event_loop_init(), with everything that belongs to it: the servers and
/// clients made on it, thread pools with their threads and loops, connections, timers and signal
/// watchers. First, posted functions are called, and connections get their closed callback. Channels
/// that the program added remain the program's, and so do acceptors of acceptor_init().
///
/// Retained connections remain, closed, until they are released. Other threads may continue to use
/// them: once the loop's servers and threads have ended, posts to the loop fail with ESHUTDOWN. After
/// the function has returned, the loop itself must not be used.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY inside a callback of
/// the loop (call yolanda_loop_quit(), and free the loop after event_loop_run() has returned).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_free(eventLoop: *mut event_loop) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_free", -1);
    if l.depth.get() > 0 {
        return errno::fail(explain!(
            libc::EBUSY,
            "yolanda_loop_free: called in a callback of the loop"
        ));
    }
    // SAFETY: this is the loop's thread, and no callback of the loop is on its stack.
    unsafe { Loop::free(l.into()) };
    0
}

/// Gives a child process its own copy of a loop that it has inherited through fork(2), while the
/// parent continues to use its copy. The child's copy gets its own epoll descriptor and wake-up
/// socket pair, and belongs to the calling thread. If only the child uses the loop (as after
/// daemon(3)), no call is needed.
///
/// Channels, timers, signal watchers, clients and servers continue in the child; watching a channel
/// or freeing the loop changes nothing for the parent. Listening sockets are shared: each client is
/// accepted by one of the two processes. The file of a Unix socket belongs to the parent; the child
/// doesn't remove it. Posted functions that haven't been called yet are called in both processes. A
/// name look-up that is in progress ends with its time limit. yolanda_loop_fd() returns another
/// descriptor afterwards.
///
/// A connection belongs to one of the two processes. The other one closes its copy with
/// yolanda_connection_close(), or frees the loop, before it runs the loop. That sends nothing, whereas
/// tcp_connection_shutdown() and yolanda_connection_close_after_send() end the connection for both.
/// HTTP responses that were unsent at the time of the fork are sent by the parent only.
///
/// Call fork(2) outside the loop's callbacks, and while no other thread is inside a function of the
/// library.
///
/// Returns 0, or -1 with errno, and then nothing has changed: EINVAL for NULL; EBUSY inside a callback
/// of the loop, and for a loop with worker threads, which don't survive a fork (the child must then
/// leave the loop alone); EPERM on another thread of the process that made the loop; ENOTSUP for a back
/// end without `init`; EMFILE, ENFILE, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread; in a child
/// process, that is the only thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_reinit(eventLoop: *mut event_loop) -> c_int {
    let l = unchecked_loop!(eventLoop, "yolanda_loop_reinit", -1);
    l.reinit().map_or_else(errno::fail, |()| 0)
}

/// Ends event_loop_run() and yolanda_loop_run_once() of a loop: at the end of the current pass, or at
/// once if the loop is waiting. It sets `eventLoop->quit`, which stays set: if the loop isn't running,
/// the next run returns at once. To run the loop again, call yolanda_loop_clear_quit().
///
/// The loop must not be freed before the function has returned. If its thread frees it after
/// event_loop_run(), post a function that quits instead, or join the thread that quits first.
///
/// Returns 0, or -1 with errno EINVAL for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_quit(eventLoop: *mut event_loop) -> c_int {
    // NULL isn't logged, because a signal handler may call this.
    if eventLoop.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the pointer isn't NULL, so by the header it is a loop of the library that hasn't been
    // freed.
    unsafe { RemoteLoop::from_c(eventLoop) }.quit();
    0
}

/// Lets a loop run again that was told to quit: sets `eventLoop->quit` to 0.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_clear_quit(eventLoop: *mut event_loop) -> c_int {
    own_loop!(eventLoop, "yolanda_loop_clear_quit", -1).clear_quit();
    0
}

/// Returns 1 if the loop was told to quit, otherwise 0.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_is_quitting(eventLoop: *mut event_loop) -> c_int {
    c_int::from(event_loop!(eventLoop, "yolanda_loop_is_quitting", -1).quits())
}

/// Returns the name of the loop in the log. The text belongs to the loop, or, for a loop of
/// event_loop_init_with_name(), to the program.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_name(eventLoop: *mut event_loop) -> *const c_char {
    event_loop!(eventLoop, "yolanda_loop_name", ptr::null()).name()
}

/// Runs the loop until at least one callback has been called, until something wakes it up, or until
/// `limit_ms` milliseconds have passed: 0 doesn't wait, -1 sets no limit. It may be called inside a
/// callback of the loop; it then continues with the unfinished work of the outer pass. The connection
/// whose callback calls it may have ended when it returns.
///
/// Returns the number of callbacks called, 0 if the time is over or the loop is to quit; -1 with errno:
/// EINVAL for NULL or another negative limit, EPERM on another thread, EINTR if a signal has ended the
/// wait (see yolanda_loop_set_interruptible()).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_loop_run_once(
    eventLoop: *mut event_loop,
    limit_ms: i64,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_run_once", -1);
    if limit_ms < -1 {
        return errno::fail(explain!(libc::EINVAL, "limit_ms is {limit_ms}"));
    }
    match l.run_once(limit_ms) {
        Some(callbacks) => callbacks.min(c_int::MAX as u64) as c_int,
        None => errno::fail(libc::EINTR),
    }
}

/// Sets whether signals end event_loop_run() and yolanda_loop_run_once(). With 1, both return -1 with
/// errno EINTR when a signal handler of the program has interrupted the loop's wait (signal(7)); the
/// pass is completed first, with its timers and signal watchers. Call them again to go on. With 0, the
/// default, the loop waits again. Interpreters such as Python's need it: their handler only takes a
/// note, and acts on it when they get control back.
///
/// Only the wait is interrupted. A signal that arrives while the loop runs callbacks, or just before it
/// waits, ends nothing: to act on such a signal without delay, also have the handler call
/// event_loop_wakeup(), and use yolanda_loop_run_once(), which returns then.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_set_interruptible(
    eventLoop: *mut event_loop,
    on: c_int,
) -> c_int {
    own_loop!(eventLoop, "yolanda_loop_set_interruptible", -1).set_interruptible(on != 0);
    0
}

/// Makes the loop's thread call `callback(eventLoop, data)` once, never before this function returns.
/// Functions posted by one thread are called in the order in which they were posted, and none is
/// lost; the sends, shutdowns and channel changes of that thread keep their place in the same order.
/// On the loop's own thread, these take effect at once, and the function is called later in the pass.
/// Functions that were posted before yolanda_loop_quit() are called before event_loop_run() returns.
/// Many posts wake up the loop only once.
///
/// Returns 0, or -1 with errno, and then the function is never called: EINVAL for NULL (`data` may be
/// NULL), ENOMEM, ESHUTDOWN for a loop that is being freed.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours and must be valid until
/// the function is called. Any thread may call it.
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

/// yolanda_loop_post() with data that the library destroys: `destroy(data)` is called once, on the loop's
/// thread, when the callback has returned. This includes functions that are called because the loop is
/// being freed: whenever the post succeeds, both are called. `destroy` may call the library, but can't
/// free the loop; NULL stands for none. If another thread posts, the data may have been destroyed
/// before this function returns.
///
/// Returns 0, or -1 with errno, and then neither function is called and the data stays yours: EINVAL for
/// NULL (`data` may be NULL), ENOMEM, ESHUTDOWN for a loop that is being freed.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `data` must be valid until it is destroyed. Any
/// thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_post_with_destroy(
    eventLoop: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    let l = event_loop!(eventLoop, "yolanda_loop_post_with_destroy", -1);
    if callback.is_none() {
        return errno::fail(explain!(libc::EINVAL, "yolanda_loop_post_with_destroy: no callback"));
    }
    l.post_call(Call { callback, data, destroy })
}

/// Returns a descriptor that is readable while the loop has events, so that another loop (poll(2),
/// asyncio, libuv, Qt) can watch it. When it is readable, or when yolanda_loop_timeout() has passed,
/// call yolanda_loop_run_once(eventLoop, 0). The descriptor belongs to the loop: neither read from it
/// nor close it.
///
/// Returns -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTSUP for a back end of the
/// program, EMFILE, ENFILE, ENOMEM, ENOSPC (fs.epoll.max_user_watches).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_fd(eventLoop: *mut event_loop) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_loop_fd", -1);
    backend::descriptor(l)
}

/// Returns the number of milliseconds after which yolanda_loop_run_once() must be called even if the
/// loop's descriptor hasn't become readable: 0 if there is work already, -1 if there is no limit.
/// Call it before each wait.
///
/// Returns -2 with errno on failure: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_timeout(eventLoop: *mut event_loop) -> i64 {
    let l = own_loop!(eventLoop, "yolanda_loop_timeout", -2);
    if l.quits() {
        return 0;
    }
    l.may_wait().unwrap_or(-1)
}

/// Returns the name of the loop's back end: "epoll", "poll", or the name of a back end of the program.
/// The text belongs to the back end.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any thread may call it while no thread changes
/// the back end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_loop_dispatcher(eventLoop: *mut event_loop) -> *const c_char {
    let l = event_loop!(eventLoop, "yolanda_loop_dispatcher", ptr::null());
    l.back_end_name()
}

/// Writes the loop's counters into `stats`, at most `size` bytes: pass sizeof(struct
/// yolanda_loop_stats). Each number is consistent in itself; if another thread reads them, they may
/// be from slightly different moments.
///
/// Returns 0, or -1 with errno EINVAL for NULL or a size of 0.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `stats` is NULL or has room for `size` bytes.
/// Any thread may call it.
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
    // SAFETY: by contract `stats` has `size` bytes, and no more are written.
    unsafe {
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        let len = size.min(size_of::<yolanda_loop_stats>());
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
