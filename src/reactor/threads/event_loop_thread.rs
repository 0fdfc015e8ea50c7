//! A thread that runs a loop of its own.

use crate::abi::types::{event_loop, event_loop_thread, yolanda_loop_callback};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::event_loop::{iteration, state, teardown, wakeup};
use crate::sys::errno;
use libc::{c_char, c_int, c_void, pthread_t};
use std::cell::{Cell, UnsafeCell};
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Release};

/// Room for "Thread-" and any int.
const NAME: usize = 32;

/// What a program has called on the threads of a pool.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Before the thread's loop runs.
    pub on_start: yolanda_loop_callback,
    /// After it has ended.
    pub on_stop: yolanda_loop_callback,
    pub data: *mut c_void,
}

impl Hooks {
    pub const NONE: Hooks = Hooks { on_start: None, on_stop: None, data: ptr::null_mut() };

    /// # Safety
    /// On the loop's thread.
    pub unsafe fn starts(&self, l: *mut event_loop) {
        if let Some(callback) = self.on_start {
            // SAFETY: as said; the program gave the function for this call.
            unsafe { iteration::guarded(l, || callback(l, self.data)) }
        }
    }

    /// # Safety
    /// On the loop's thread.
    pub unsafe fn stops(&self, l: *mut event_loop) {
        if let Some(callback) = self.on_stop {
            // SAFETY: as said; the program gave the function for this call.
            unsafe { iteration::guarded(l, || callback(l, self.data)) }
        }
    }
}

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
            eventLoop: Cell::new(ptr::null_mut()),
            thread_tid: Cell::new(0),
            mutex: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            cond: UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER),
            thread_name: Cell::new(name),
            thread_count: Cell::new(0),
        });
    }
    0
}

/// What the starter shares with the new thread while it waits for it.
struct Start {
    thread: *mut event_loop_thread,
    hooks: Hooks,
    parts: &'static Parts,
    /// An errno value; 0: it runs.
    failed: c_int,
}

extern "C" fn run(arg: *mut c_void) -> *mut c_void {
    let start = arg.cast::<Start>();
    // SAFETY: the starter keeps both structs until it was told; after that only the loop is used.
    unsafe {
        let thread = (*start).thread;
        let hooks = (*start).hooks;
        let name = (*thread).thread_name.get();
        let l = Loop::create(name, backend::chosen(), (*start).parts);
        if !l.is_null() {
            hooks.starts(l);
        }
        log_msg!("event loop thread init and signal, {}", CText((*thread).thread_name.get()));
        libc::pthread_mutex_lock((*thread).mutex.get());
        (*thread).eventLoop.set(l);
        (*start).failed = if l.is_null() { errno::get().max(1) } else { 0 };
        libc::pthread_cond_signal((*thread).cond.get());
        libc::pthread_mutex_unlock((*thread).mutex.get());
        if !l.is_null() {
            Loop::from_c(l).run();
            if (*state::of(l)).ends.load(Acquire) {
                teardown::finish(l);
            }
            hooks.stops(l);
        }
    }
    ptr::null_mut()
}

pub unsafe extern "C" fn event_loop_thread_start(
    eventLoopThread: *mut event_loop_thread,
) -> *mut event_loop {
    // SAFETY: NULL or an initialised struct, by this function's contract.
    unsafe { start(eventLoopThread, Hooks::NONE, &crate::reactor::parts::PARTS) }
}

/// Starts a thread, and waits until its loop is about to run. NULL with errno when it can't be.
///
/// # Safety
/// NULL or an initialised struct.
pub unsafe fn start(
    thread: *mut event_loop_thread,
    hooks: Hooks,
    parts: &'static Parts,
) -> *mut event_loop {
    if thread.is_null() {
        log_err!("event_loop_thread_start: no thread");
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    // SAFETY: an initialised struct; shared under its mutex.
    unsafe {
        let mut start = Start { thread, hooks, parts, failed: 0 };
        let start = &raw mut start;
        let tid = (*thread).thread_tid.as_ptr();
        let e = libc::pthread_create(tid, ptr::null(), run, start.cast());
        if e != 0 {
            (*thread).thread_tid.set(0);
            log_err!("can't start {}: {}", CText((*thread).thread_name.get()), errno::Text(e));
            errno::set(e);
            return ptr::null_mut();
        }
        // Neither reports errors for a mutex of the default kind, as long as it is one.
        libc::pthread_mutex_lock((*thread).mutex.get());
        while (*thread).eventLoop.get().is_null() && (*start).failed == 0 {
            libc::pthread_cond_wait((*thread).cond.get(), (*thread).mutex.get());
        }
        libc::pthread_mutex_unlock((*thread).mutex.get());
        if (*start).failed != 0 {
            libc::pthread_join((*thread).thread_tid.get(), ptr::null_mut());
            (*thread).thread_tid.set(0);
            errno::set((*start).failed);
            return ptr::null_mut();
        }
        log_msg!("event loop thread started, {}", CText((*thread).thread_name.get()));
        (*thread).eventLoop.get()
    }
}

pub unsafe extern "C-unwind" fn yolanda_loop_thread_stop(thread: *mut event_loop_thread) -> c_int {
    if thread.is_null() {
        log_err!("yolanda_loop_thread_stop: no thread");
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: an initialised struct, by this function's contract.
    unsafe { stop(thread) }
}

/// Whether the calling thread is this one.
///
/// # Safety
/// An initialised struct.
pub unsafe fn is_current(thread: *const event_loop_thread) -> bool {
    // SAFETY: as said.
    let tid: pthread_t = unsafe { (*thread).thread_tid.get() };
    // SAFETY: two numbers of threads.
    tid != 0 && unsafe { libc::pthread_equal(tid, libc::pthread_self()) } != 0
}

/// Asks a thread to end, without waiting.
///
/// # Safety
/// An initialised struct.
pub unsafe fn tell_to_end(thread: *mut event_loop_thread) {
    // SAFETY: the loop lives until `stop` frees it.
    unsafe {
        let l = (*thread).eventLoop.get();
        if !l.is_null() {
            (*state::of(l)).ends.store(true, Release);
            wakeup::wake(l);
        }
    }
}

/// Ends a thread: it closes what connections it has, and is joined; then its loop is freed.
/// 0, or -1 with EDEADLK, or EINVAL for a thread that was detached.
///
/// # Safety
/// An initialised struct.
pub unsafe fn stop(thread: *mut event_loop_thread) -> c_int {
    // SAFETY: once joined, the thread's loop is nobody else's.
    unsafe {
        if is_current(thread) {
            return errno::fail(libc::EDEADLK);
        }
        tell_to_end(thread);
        if (*thread).thread_tid.get() != 0 {
            match libc::pthread_join((*thread).thread_tid.get(), ptr::null_mut()) {
                // The program may have joined it.
                0 | libc::ESRCH => (),
                // EDEADLK, or the program has detached it: then nobody knows when its loop is free.
                e => return errno::fail(e),
            }
            (*thread).thread_tid.set(0);
        }
        let l = (*thread).eventLoop.replace(ptr::null_mut());
        if !l.is_null() {
            teardown::free_loop(l);
        }
    }
    0
}
