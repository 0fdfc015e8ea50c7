//! A thread that runs a loop of its own. The public struct is all that there is of it: the program may have
//! allocated it, and shares its mutex and condition with the library while the thread starts.

use super::hooks::Hooks;
use crate::abi::types::{event_loop, event_loop_thread};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use crate::sys::mutex::Held;
use libc::{c_char, c_int, c_void};
use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{Acquire, Release};

/// Room for "Thread-" and any int.
const NAME: usize = 32;

/// What the starter shares with the new thread while it waits for it.
struct Start<'a> {
    thread: &'a event_loop_thread,
    hooks: Hooks,
    parts: &'static Parts,
    /// An errno value; 0: it runs. Under the mutex.
    failed: Cell<c_int>,
}

extern "C" fn run(arg: *mut c_void) -> *mut c_void {
    // SAFETY: the starter keeps both structs until it was told; from then on only the loop is used.
    let start = unsafe { &*arg.cast::<Start>() };
    let (thread, hooks) = (start.thread, start.hooks);
    let name = thread.thread_name.get();
    // SAFETY: the name lives as long as the struct, and that as long as the loop; so do the back ends.
    let made = unsafe { Loop::create(name, backend::chosen(), start.parts) };
    // SAFETY: NULL or a fresh loop, which `stop` frees when this thread has ended.
    let l = (!made.is_null()).then(|| unsafe { Loop::from_c(made) });
    if let Some(l) = l {
        hooks.starts(l);
    }
    log_msg!("event loop thread init and signal, {}", CText(name));
    let held = Held::lock(&thread.mutex);
    thread.eventLoop.set(made);
    start.failed.set(if made.is_null() { errno::get().max(1) } else { 0 });
    held.signal(&thread.cond);
    drop(held);
    if let Some(l) = l {
        l.run();
        if l.shared.ends.load(Acquire) {
            l.finish();
        }
        hooks.stops(l);
    }
    ptr::null_mut()
}

impl event_loop_thread {
    /// Sets up a thread that hasn't started; `number` counts from 0. False when memory is out.
    ///
    /// # Safety
    /// `at` is memory for the struct.
    pub unsafe fn init(at: *mut event_loop_thread, number: c_int) -> bool {
        // SAFETY: the name's block is checked, and has room for any number.
        let name = unsafe {
            let name = libc::malloc(NAME).cast::<c_char>();
            if name.is_null() {
                return false;
            }
            libc::snprintf(name, NAME, c"Thread-%d".as_ptr(), number.wrapping_add(1));
            name
        };
        let thread = event_loop_thread {
            eventLoop: Cell::new(ptr::null_mut()),
            thread_tid: Cell::new(0),
            mutex: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            cond: UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER),
            thread_name: Cell::new(name),
            thread_count: Cell::new(0),
        };
        // SAFETY: the caller's memory, in which nothing has to be dropped.
        unsafe { at.write(thread) };
        true
    }

    /// Frees the name.
    ///
    /// # Safety
    /// The thread isn't running, and nobody has the name.
    pub unsafe fn free_name(&self) {
        let name = self.thread_name.replace(ptr::null_mut());
        // SAFETY: a block of `init`, unless the program has put another of malloc(3) there.
        unsafe { libc::free(name.cast()) };
    }

    /// The thread's loop; None where it doesn't run.
    pub fn event_loop(&self) -> Option<&RemoteLoop> {
        let l = self.eventLoop.get();
        // SAFETY: the loop lives until `stop` frees it, which empties the field first.
        (!l.is_null()).then(|| unsafe { RemoteLoop::from_c(l) })
    }

    /// Starts the thread, and waits until its loop is about to run. NULL with errno when it can't be.
    pub fn start(&self, hooks: Hooks, parts: &'static Parts) -> *mut event_loop {
        let start = Start { thread: self, hooks, parts, failed: Cell::new(0) };
        let arg = ptr::from_ref(&start).cast_mut().cast();
        // SAFETY: the struct stays until the thread has said that it runs, or has been joined.
        let e = unsafe { libc::pthread_create(self.thread_tid.as_ptr(), ptr::null(), run, arg) };
        if e != 0 {
            self.thread_tid.set(0);
            log_err!("can't start {}: {}", CText(self.thread_name.get()), errno::Text(e));
            errno::set(e);
            return ptr::null_mut();
        }
        let held = Held::lock(&self.mutex);
        while self.eventLoop.get().is_null() && start.failed.get() == 0 {
            held.wait(&self.cond);
        }
        drop(held);
        if start.failed.get() != 0 {
            // SAFETY: the thread was just made, and ends.
            unsafe { libc::pthread_join(self.thread_tid.replace(0), ptr::null_mut()) };
            errno::set(start.failed.get());
            return ptr::null_mut();
        }
        log_msg!("event loop thread started, {}", CText(self.thread_name.get()));
        self.eventLoop.get()
    }

    /// Whether the calling thread is this one.
    pub fn is_current(&self) -> bool {
        let tid = self.thread_tid.get();
        // SAFETY: two numbers of threads.
        tid != 0 && unsafe { libc::pthread_equal(tid, libc::pthread_self()) } != 0
    }

    /// Asks the thread to end, without waiting.
    pub fn tell_to_end(&self) {
        if let Some(l) = self.event_loop() {
            l.ends.store(true, Release);
            l.wake();
        }
    }

    /// Ends the thread: it closes what connections it has, and is joined; then its loop is freed.
    /// EDEADLK, or EINVAL for a thread that was detached.
    pub fn stop(&self) -> Result<(), c_int> {
        if self.is_current() {
            return Err(libc::EDEADLK);
        }
        self.tell_to_end();
        if self.thread_tid.get() != 0 {
            // SAFETY: the number of a thread that the library has started and not joined; the program may have.
            match unsafe { libc::pthread_join(self.thread_tid.get(), ptr::null_mut()) } {
                0 | libc::ESRCH => (),
                // EDEADLK, or the program has detached it: then nobody knows when its loop is free.
                e => return Err(e),
            }
            self.thread_tid.set(0);
        }
        let l = self.eventLoop.replace(ptr::null_mut());
        if let Some(l) = NonNull::new(l.cast()) {
            // SAFETY: its thread has ended, so that nobody uses the loop.
            unsafe { Loop::free(l) };
        }
        Ok(())
    }
}
