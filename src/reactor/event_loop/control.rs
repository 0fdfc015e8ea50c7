//! The loop functions of `yolanda.h`: making, stopping, stepping, posting, embedding, counting.

use super::{iteration, posts, teardown, timers, wakeup};
use crate::abi::types::{event_loop, yolanda_loop_callback, yolanda_loop_stats};
use crate::reactor::backend;
use crate::reactor::event_loop::create::{absent, create, mine};
use crate::reactor::event_loop::state::{Loop, of, quits};
use crate::sys::errno;
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed, Ordering::Release};

pub unsafe extern "C-unwind" fn yolanda_loop_new(
    name: *const c_char,
    dispatcher: *const c_char,
) -> *mut event_loop {
    // SAFETY: NULL or C strings, by this function's contract; the copy becomes the loop's.
    unsafe {
        let backend = if dispatcher.is_null() {
            backend::chosen()
        } else {
            backend::named(CStr::from_ptr(dispatcher))
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
        let l = create(copy, backend);
        if l.is_null() {
            let _keep = errno::Keep::new();
            libc::free(copy.cast());
        } else {
            (*of(l)).name.set(copy);
        }
        l
    }
}

pub unsafe extern "C-unwind" fn yolanda_loop_free(eventLoop: *mut event_loop) -> c_int {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_loop_free", eventLoop) {
            return -1;
        }
        if (*of(eventLoop)).depth.get() > 0 {
            return errno::fail(libc::EBUSY);
        }
        teardown::free_loop(eventLoop);
    }
    0
}

pub unsafe extern "C" fn yolanda_loop_quit(eventLoop: *mut event_loop) -> c_int {
    // No line for NULL: a signal handler may call this.
    if eventLoop.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live loop; other threads write the field as an atomic, too.
    unsafe {
        // What the caller did before is seen by whoever finds the loop at its end.
        AtomicI32::from_ptr((*eventLoop).quit.as_ptr()).store(1, Release);
        // With a byte of its own: a wake-up that is on its way may belong to the pass that runs.
        wakeup::wake(eventLoop);
    }
    0
}

pub unsafe extern "C-unwind" fn yolanda_loop_run_once(
    eventLoop: *mut event_loop,
    limit_ms: i64,
) -> c_int {
    // SAFETY: a loop, on its own thread.
    unsafe {
        let l = eventLoop;
        if !mine("yolanda_loop_run_once", l) {
            return -1;
        }
        if limit_ms < -1 {
            return errno::fail(libc::EINVAL);
        }
        let deadline = timers::now_ns().saturating_add(limit_ms.saturating_mul(1_000_000));
        let callbacks = || (*of(l)).counts.callbacks.load(Relaxed);
        let wakeups = || (*of(l)).counts.wakeups.load(Relaxed);
        let (before, woken) = (callbacks(), wakeups());
        iteration::within(l, || {
            let mut left_ms = limit_ms;
            while !quits(l) {
                iteration::run_once(l, left_ms);
                if callbacks() != before || wakeups() != woken {
                    break;
                }
                if limit_ms >= 0 {
                    let left_ns = deadline - timers::now_ns();
                    if left_ns <= 0 {
                        break;
                    }
                    left_ms = (left_ns + 999_999) / 1_000_000;
                }
            }
        });
        callbacks().wrapping_sub(before).min(c_int::MAX as u64) as c_int
    }
}

pub unsafe extern "C" fn yolanda_loop_post(
    eventLoop: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    if absent("yolanda_loop_post", eventLoop) {
        return -1;
    }
    if callback.is_none() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live loop.
    unsafe { posts::post_function(eventLoop, callback, data) }
}

pub unsafe extern "C" fn yolanda_loop_fd(eventLoop: *mut event_loop) -> c_int {
    // SAFETY: a loop, on its own thread; the data is that of the back end that the pointer names.
    unsafe {
        if !mine("yolanda_loop_fd", eventLoop) {
            return -1;
        }
        backend::descriptor(Loop::from_c(eventLoop))
    }
}

pub unsafe extern "C" fn yolanda_loop_timeout(eventLoop: *mut event_loop) -> i64 {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_loop_timeout", eventLoop) {
            return -2;
        }
        if quits(eventLoop) {
            return 0;
        }
        iteration::may_wait(eventLoop).unwrap_or(-1)
    }
}

pub unsafe extern "C" fn yolanda_loop_dispatcher(eventLoop: *mut event_loop) -> *const c_char {
    if absent("yolanda_loop_dispatcher", eventLoop) {
        return ptr::null();
    }
    // SAFETY: a live loop with a back end.
    unsafe { (*(*eventLoop).eventDispatcher.get()).name }
}

pub unsafe extern "C" fn yolanda_loop_get_stats(
    eventLoop: *mut event_loop,
    stats: *mut yolanda_loop_stats,
    size: usize,
) -> c_int {
    if absent("yolanda_loop_get_stats", eventLoop) {
        return -1;
    }
    if stats.is_null() || size == 0 {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live loop; its counts are atomic. Of the struct as much is written as the caller has.
    unsafe {
        let own: *mut Loop = of(eventLoop);
        let counts = &(*own).counts;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let now = yolanda_loop_stats {
            passes: read(&counts.passes),
            wakeups: read(&counts.wakeups),
            callbacks: read(&counts.callbacks),
            posts: read(&counts.posts),
            timers: read(&counts.timers),
            connections: read(&counts.connections),
            connections_total: read(&counts.connections_total),
            bytes_read: read(&counts.bytes_read),
            bytes_written: read(&counts.bytes_written),
        };
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        let len = size.min(size_of::<yolanda_loop_stats>());
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
