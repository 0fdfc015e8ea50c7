//! A thread that runs a loop of its own.

use super::event_loop::{event_loop_init_with_name, event_loop_run};
use crate::abi::types::{event_loop, event_loop_thread};
use crate::log::CText;
use crate::sys::errno;
use libc::{c_char, c_int, c_void};
use std::ptr;

/// Room for "Thread-" and any int.
const NAME: usize = 32;

pub unsafe extern "C" fn event_loop_thread_init(
    eventLoopThread: *mut event_loop_thread,
    i: c_int,
) -> c_int {
    if eventLoopThread.is_null() {
        log_err!("event_loop_thread_init: no thread");
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the caller's struct is writable; the name's block is checked.
    unsafe {
        let name = libc::malloc(NAME).cast::<c_char>();
        if name.is_null() {
            log_err!("event_loop_thread_init: no memory");
            return -1;
        }
        libc::snprintf(name, NAME, c"Thread-%d".as_ptr(), i.wrapping_add(1));
        eventLoopThread.write(event_loop_thread {
            eventLoop: ptr::null_mut(),
            thread_tid: 0,
            mutex: libc::PTHREAD_MUTEX_INITIALIZER,
            cond: libc::PTHREAD_COND_INITIALIZER,
            thread_name: name,
            thread_count: 0,
        });
    }
    0
}

/// What the starter shares with the new thread while it waits for it.
struct Start {
    thread: *mut event_loop_thread,
    failed: bool,
}

extern "C" fn run(arg: *mut c_void) -> *mut c_void {
    let start = arg.cast::<Start>();
    // SAFETY: the starter keeps both structs until it was told; after that only the loop is used.
    unsafe {
        let thread = (*start).thread;
        let l = event_loop_init_with_name((*thread).thread_name);
        log_msg!("event loop thread init and signal, {}", CText((*thread).thread_name));
        libc::pthread_mutex_lock(&raw mut (*thread).mutex);
        (*thread).eventLoop = l;
        (*start).failed = l.is_null();
        libc::pthread_cond_signal(&raw mut (*thread).cond);
        libc::pthread_mutex_unlock(&raw mut (*thread).mutex);
        if !l.is_null() {
            event_loop_run(l);
        }
    }
    ptr::null_mut()
}

pub unsafe extern "C" fn event_loop_thread_start(
    eventLoopThread: *mut event_loop_thread,
) -> *mut event_loop {
    if eventLoopThread.is_null() {
        log_err!("event_loop_thread_start: no thread");
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    let thread = eventLoopThread;
    // SAFETY: an initialised struct, by this function's contract; shared under its mutex.
    unsafe {
        let mut start = Start { thread, failed: false };
        let start = &raw mut start;
        let tid = &raw mut (*thread).thread_tid;
        let e = libc::pthread_create(tid, ptr::null(), run, start.cast());
        if e != 0 {
            log_err!("can't start {}: {}", CText((*thread).thread_name), errno::Text(e));
            errno::set(e);
            return ptr::null_mut();
        }
        libc::pthread_mutex_lock(&raw mut (*thread).mutex);
        while (*thread).eventLoop.is_null() && !(*start).failed {
            libc::pthread_cond_wait(&raw mut (*thread).cond, &raw mut (*thread).mutex);
        }
        libc::pthread_mutex_unlock(&raw mut (*thread).mutex);
        if (*start).failed {
            libc::pthread_join((*thread).thread_tid, ptr::null_mut());
            return ptr::null_mut();
        }
        log_msg!("event loop thread started, {}", CText((*thread).thread_name));
        (*thread).eventLoop
    }
}
