//! A thread that runs its own loop. It consists of the public struct only: the program may have allocated it, and
//! its mutex and condition are used while the thread starts.

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

/// The size of a buffer for "Thread-" and any int.
const NAME: usize = 32;

/// The data that the starting thread shares with the new thread while it waits for it.
struct Start<'a> {
    thread: &'a event_loop_thread,
    hooks: Hooks,
    parts: &'static Parts,
    /// An errno value; 0 if the thread is running. Protected by the mutex.
    failed: Cell<c_int>,
}

extern "C" fn run(arg: *mut c_void) -> *mut c_void {
    // SAFETY: the starting thread keeps both structs until it is signalled; after that only the loop is used.
    let start = unsafe { &*arg.cast::<Start>() };
    let (thread, hooks) = (start.thread, start.hooks);
    let name = thread.thread_name.get();
    // SAFETY: the name is valid as long as the struct, and the struct as long as the loop; the back ends are
    // static.
    let made = unsafe { Loop::create(name, backend::chosen(), start.parts) };
    // SAFETY: NULL or a new loop, which `stop` frees after this thread has ended.
    let l = (!made.is_null()).then(|| unsafe { Loop::from_c(made) });
    if let Some(l) = l {
        hooks.starts(l);
    }
    log_msg!("event loop thread init and signal, {}", thread.shown_name());
    let held = Held::lock(&thread.mutex);
    thread.eventLoop.set(made);
    start.failed.set(if made.is_null() { errno::get().max(1) } else { 0 });
    held.signal(&thread.cond);
    drop(held);
    if let Some(l) = l {
        // Only a run that the program has called ends with a signal.
        while !l.run() {}
        if l.shared.ends.load(Acquire) {
            l.finish();
        }
        hooks.stops(l);
    }
    ptr::null_mut()
}

impl event_loop_thread {
    /// Initialises a thread without starting it; `number` counts from 0. False if out of memory.
    ///
    /// # Safety
    /// `at` is memory for the struct.
    pub unsafe fn init(at: *mut event_loop_thread, number: c_int) -> bool {
        // SAFETY: the name's block is checked for NULL and has room for any number.
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
        // SAFETY: by contract the caller's memory, which contains nothing that has to be dropped.
        unsafe { at.write(thread) };
        true
    }

    /// A thread that hasn't started, in memory of its own; NULL with errno when memory is out.
    pub fn make(number: c_int) -> *mut event_loop_thread {
        // SAFETY: a block of the struct's size, checked before it is filled.
        unsafe {
            let made = libc::malloc(size_of::<event_loop_thread>()).cast::<event_loop_thread>();
            if !made.is_null() && !event_loop_thread::init(made, number) {
                libc::free(made.cast());
                return ptr::null_mut();
            }
            made
        }
    }

    /// Ends a thread and frees it; an error as from `stop`, which leaves it there.
    ///
    /// # Safety
    /// `make` made it, and nobody uses it from here on unless the call fails.
    pub unsafe fn free(this: *mut event_loop_thread) -> Result<(), c_int> {
        // SAFETY: the struct is live; after `stop` no thread runs in it, and its loop, which has the name, is gone.
        unsafe {
            (*this).stop()?;
            (*this).free_name();
            libc::free(this.cast());
        }
        Ok(())
    }

    /// Frees the name.
    ///
    /// # Safety
    /// The thread isn't running, and nothing else uses the name.
    pub unsafe fn free_name(&self) {
        let name = self.thread_name.replace(ptr::null_mut());
        // SAFETY: a block of `init`, unless the program has replaced it by another from malloc(3).
        unsafe { libc::free(name.cast()) };
    }

    /// The name for log lines.
    fn shown_name(&self) -> CText {
        // SAFETY: `init` stored a string, which `free_name` replaces by NULL; a program that replaces it keeps its
        // own as long.
        unsafe { CText::new(self.thread_name.get()) }
    }

    /// The thread's loop. None if it isn't running.
    pub fn event_loop(&self) -> Option<&RemoteLoop> {
        let l = self.eventLoop.get();
        // SAFETY: the loop lives until `stop` frees it, which clears the field first.
        (!l.is_null()).then(|| unsafe { RemoteLoop::from_c(l) })
    }

    /// Starts the thread and waits until its loop is about to run. NULL with errno on failure.
    pub fn start(&self, hooks: Hooks, parts: &'static Parts) -> *mut event_loop {
        let start = Start { thread: self, hooks, parts, failed: Cell::new(0) };
        let arg = ptr::from_ref(&start).cast_mut().cast();
        // SAFETY: the struct stays valid until the thread has signalled that it runs, or has been joined.
        let e = unsafe { libc::pthread_create(self.thread_tid.as_ptr(), ptr::null(), run, arg) };
        if e != 0 {
            self.thread_tid.set(0);
            log_err!("can't start {}: {}", self.shown_name(), errno::Text(e));
            errno::set(e);
            return ptr::null_mut();
        }
        let held = Held::lock(&self.mutex);
        while self.eventLoop.get().is_null() && start.failed.get() == 0 {
            held.wait(&self.cond);
        }
        drop(held);
        if start.failed.get() != 0 {
            // SAFETY: the thread was just created, and is ending.
            unsafe { libc::pthread_join(self.thread_tid.replace(0), ptr::null_mut()) };
            errno::set(start.failed.get());
            return ptr::null_mut();
        }
        log_msg!("event loop thread started, {}", self.shown_name());
        self.eventLoop.get()
    }

    /// Whether the calling thread is this one.
    pub fn is_current(&self) -> bool {
        let tid = self.thread_tid.get();
        // SAFETY: pthread_equal compares two numbers.
        tid != 0 && unsafe { libc::pthread_equal(tid, libc::pthread_self()) } != 0
    }

    /// Asks the thread to end, without waiting.
    pub fn tell_to_end(&self) {
        if let Some(l) = self.event_loop() {
            l.ends.store(true, Release);
            l.wake();
        }
    }

    /// Ends the thread: it closes its connections and is joined, and then its loop is freed. EDEADLK, or EINVAL
    /// for a detached thread.
    pub fn stop(&self) -> Result<(), c_int> {
        if self.is_current() {
            return Err(libc::EDEADLK);
        }
        self.tell_to_end();
        if self.thread_tid.get() != 0 {
            // SAFETY: the number of a thread that the library has started and not joined. A program that has
            // joined it must have cleared the field.
            match unsafe { libc::pthread_join(self.thread_tid.get(), ptr::null_mut()) } {
                0 | libc::ESRCH => (),
                // EDEADLK, or the program has detached the thread: then it isn't known when its loop can be
                // freed.
                e => return Err(e),
            }
            self.thread_tid.set(0);
        }
        let l = self.eventLoop.replace(ptr::null_mut());
        if let Some(l) = NonNull::new(l.cast()) {
            // SAFETY: its thread has ended, so nothing else uses the loop.
            unsafe { Loop::free(l) };
        }
        Ok(())
    }
}
