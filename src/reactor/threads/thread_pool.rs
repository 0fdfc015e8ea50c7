//! Pools of threads whose loops serve connections in turn.

use super::hooks::Hooks;
use super::started;
use crate::abi::types::{event_loop, event_loop_thread, thread_pool};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::Link;
use crate::sys::errno;
use libc::c_int;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::slice;

/// The public struct comes first, so that the pointers are the same.
#[repr(C)]
pub struct Pool {
    public: thread_pool,
    hooks: Cell<Hooks>,
    /// There are no threads, and the start hook was called for the main loop.
    main_started: Cell<bool>,
    /// It belongs to a server, and is freed with it.
    serves: Cell<bool>,
    /// The running threads, regardless of the public fields.
    threads: Cell<*mut event_loop_thread>,
    len: Cell<usize>,
    /// The link in the list of pools that were started on their main loop.
    pub(super) link: Link,
}

impl Pool {
    /// A pool that hasn't been started. NULL with errno on failure.
    pub fn allocate(main_loop: *mut event_loop, threads: c_int) -> *mut thread_pool {
        // SAFETY: the block is checked for NULL and initialised at once.
        unsafe {
            let pool = libc::malloc(size_of::<Pool>()).cast::<Pool>();
            if !pool.is_null() {
                let public = thread_pool {
                    mainLoop: Cell::new(main_loop),
                    started: Cell::new(0),
                    thread_number: Cell::new(threads),
                    eventLoopThreads: Cell::new(ptr::null_mut()),
                    position: Cell::new(0),
                };
                pool.write(Pool {
                    public,
                    hooks: Cell::new(Hooks::NONE),
                    main_started: Cell::new(false),
                    serves: Cell::new(false),
                    threads: Cell::new(ptr::null_mut()),
                    len: Cell::new(0),
                    link: Link::new(),
                });
            }
            pool.cast()
        }
    }

    /// The pool behind a public pointer.
    ///
    /// # Safety
    /// `allocate` made it, and it isn't freed during `'a`.
    pub unsafe fn from_c<'a>(pool: *mut thread_pool) -> &'a Pool {
        // SAFETY: the public struct is the first field of every pool.
        unsafe { &*pool.cast::<Pool>() }
    }

    /// The same; None for NULL.
    ///
    /// # Safety
    /// As for `from_c`, unless it is NULL.
    pub unsafe fn from_nullable<'a>(pool: *mut thread_pool) -> Option<&'a Pool> {
        // SAFETY: it isn't NULL, so by contract it is a live pool.
        (!pool.is_null()).then(|| unsafe { Pool::from_c(pool) })
    }

    fn remote_main_loop(&self) -> &RemoteLoop {
        // SAFETY: a pool is made with a loop, which frees its pools before it is freed.
        unsafe { RemoteLoop::from_c(self.public.mainLoop.get()) }
    }

    /// The main loop, on its thread.
    fn main_loop(&self) -> &Loop {
        debug_assert!(self.remote_main_loop().on_owner());
        // SAFETY: a pool is made with a loop, which frees its pools before it is freed.
        unsafe { Loop::from_c(self.public.mainLoop.get()) }
    }

    /// The running threads.
    fn threads(&self) -> &[event_loop_thread] {
        if self.len.get() == 0 {
            return &[];
        }
        // SAFETY: `start_threads` made the array and initialised that many elements; it is freed with the pool.
        unsafe { slice::from_raw_parts(self.threads.get(), self.len.get()) }
    }

    /// The threads according to the public fields.
    fn public_threads(&self) -> &[event_loop_thread] {
        let (threads, n) = (self.public.eventLoopThreads.get(), self.public.thread_number.get());
        if n <= 0 || threads.is_null() {
            return &[];
        }
        // SAFETY: the header requires that `eventLoopThreads` has `thread_number` elements.
        unsafe { slice::from_raw_parts(threads, n as usize) }
    }

    /// Starts the threads, once. Call it on the main loop's thread.
    pub fn start(&self) {
        self.remote_main_loop().require_owner();
        let main = self.main_loop();
        if self.public.started.replace(1) != 0 {
            return;
        }
        started::add(main, self);
        self.start_threads();
        if self.len.get() == 0 {
            self.main_started.set(true);
            self.hooks.get().starts(main);
        }
    }

    fn start_threads(&self) {
        let wanted = self.public.thread_number.get().max(0) as usize;
        if wanted == 0 {
            return;
        }
        // SAFETY: an array of zeroes, whose elements `init` initialises below.
        let array = unsafe { libc::calloc(wanted, size_of::<event_loop_thread>()) };
        let array = array.cast::<event_loop_thread>();
        if array.is_null() {
            log_err!("thread_pool_start: no memory for {} threads", wanted);
            self.public.thread_number.set(0);
            return;
        }
        let mut running = 0;
        for i in 0..wanted {
            // SAFETY: `running` is at most `i`, so the place is in the array, and the thread there hasn't been
            // started.
            unsafe {
                let at = array.add(running);
                if !event_loop_thread::init(at, i as c_int) {
                    log_err!("event_loop_thread_init: no memory");
                } else if (*at).start(self.hooks.get(), self.main_loop().parts).is_null() {
                    (*at).free_name();
                } else {
                    running += 1;
                }
            }
        }
        self.public.eventLoopThreads.set(array);
        self.public.thread_number.set(running as c_int);
        self.threads.set(array);
        self.len.set(running);
    }

    /// The next loop in turn, on the main loop's thread. None before the start.
    pub fn next_loop(&self) -> Option<&RemoteLoop> {
        let main = self.remote_main_loop();
        main.require_owner();
        if self.public.started.get() == 0 {
            errno::set(libc::EINVAL);
            return None;
        }
        let threads = self.public_threads();
        for _ in threads {
            let at = self.public.position.get().max(0) as usize % threads.len();
            self.public.position.set(((at + 1) % threads.len()) as c_int);
            // A thread that was stopped has no loop.
            if let Some(l) = threads[at].event_loop() {
                return Some(l);
            }
        }
        Some(main)
    }

    /// Sets the functions to call on the threads, before the start.
    pub fn set_hooks(&self, hooks: Hooks) {
        if self.public.started.get() == 0 {
            self.hooks.set(hooks);
        }
    }

    /// The pool belongs to the server that made it, and can be freed only with it.
    pub fn set_serves(&self) {
        self.serves.set(true);
    }

    /// The number of running threads.
    pub fn running(&self) -> usize {
        self.len.get()
    }

    /// The loop of one of the running threads. None if that was stopped.
    pub fn loop_at(&self, at: usize) -> Option<&RemoteLoop> {
        self.threads().get(at)?.event_loop()
    }

    /// Whether the program may free the pool on this thread; else an errno value.
    pub fn may_be_freed(&self) -> Result<(), c_int> {
        if self.threads().iter().any(event_loop_thread::is_current) {
            return Err(libc::EDEADLK);
        }
        if !self.remote_main_loop().on_owner() {
            return Err(libc::EPERM);
        }
        if self.serves.get() { Err(libc::EBUSY) } else { Ok(()) }
    }

    /// Ends the threads. EDEADLK if one is known to wait for this thread.
    fn stop(&self) -> Result<(), c_int> {
        // All are told at once and then joined one after the other.
        self.threads().iter().for_each(event_loop_thread::tell_to_end);
        // Anything that a thread has left on its loop is closed on this thread, with its callbacks.
        let stop_all = || self.threads().iter().try_for_each(event_loop_thread::stop);
        self.main_loop().guarded(stop_all)?;
        if self.main_started.replace(false) {
            self.hooks.get().stops(self.main_loop());
        }
        Ok(())
    }

    /// Ends the threads of a pool and frees it. EDEADLK if a thread is known to wait for this one; the pool then
    /// remains.
    ///
    /// # Safety
    /// A live pool, on its main loop's thread; nothing uses it afterwards.
    pub unsafe fn free(pool: NonNull<Pool>) -> Result<(), c_int> {
        // SAFETY: by contract it is live until this function frees what `allocate` and `start` made. A name that
        // the program has put into a running thread must come from malloc(3) or be removed by the program.
        unsafe {
            let own = pool.as_ref();
            own.stop()?;
            started::remove(own.main_loop(), own);
            own.threads().iter().for_each(|thread| thread.free_name());
            libc::free(own.threads.get().cast());
            libc::free(pool.as_ptr().cast());
        }
        Ok(())
    }

    pub(super) fn has_threads(&self) -> bool {
        self.threads().iter().any(|thread| thread.thread_tid.get() != 0)
    }
}

impl Loop {
    /// Frees the pools that were started on the loop.
    pub fn free_pools(&self) {
        while let Some(pool) = started::first(self) {
            // SAFETY: a pool is live while it is in the list, and is removed from it when it is freed. This is
            // its main loop's thread.
            if unsafe { Pool::free(pool) }.is_err() {
                return;
            }
        }
    }

    /// Whether pools with this main loop have threads.
    pub fn has_pool_threads(&self) -> bool {
        started::any_has_threads(self)
    }
}
