//! The loops that serve connections, handed out in turn.

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

/// The public struct first, so that the pointers are the same.
#[repr(C)]
pub struct Pool {
    public: thread_pool,
    hooks: Cell<Hooks>,
    /// The main loop does all, and the start hook was called for it.
    main_started: Cell<bool>,
    /// It is freed with a server.
    serves: Cell<bool>,
    /// The threads that run, whatever the public fields say.
    threads: Cell<*mut event_loop_thread>,
    len: Cell<usize>,
    /// Among the pools that were started on their main loop.
    pub(super) link: Link,
}

impl Pool {
    /// A pool that hasn't started; NULL with errno.
    pub fn allocate(main_loop: *mut event_loop, threads: c_int) -> *mut thread_pool {
        // SAFETY: the block is checked, and filled at once.
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
    /// `allocate` made it, and it isn't freed for all of `'a`.
    pub unsafe fn from_c<'a>(pool: *mut thread_pool) -> &'a Pool {
        // SAFETY: the public struct is the first field of every pool.
        unsafe { &*pool.cast::<Pool>() }
    }

    /// The same; None for NULL.
    ///
    /// # Safety
    /// As for `from_c`, where it isn't NULL.
    pub unsafe fn from_nullable<'a>(pool: *mut thread_pool) -> Option<&'a Pool> {
        // SAFETY: not NULL, hence the caller's pool.
        (!pool.is_null()).then(|| unsafe { Pool::from_c(pool) })
    }

    fn remote_main_loop(&self) -> &RemoteLoop {
        // SAFETY: a pool is made with a loop, which frees its pools before it goes.
        unsafe { RemoteLoop::from_c(self.public.mainLoop.get()) }
    }

    /// The main loop, on its thread.
    fn main_loop(&self) -> &Loop {
        debug_assert!(self.remote_main_loop().on_owner());
        // SAFETY: a pool is made with a loop, which frees its pools before it goes.
        unsafe { Loop::from_c(self.public.mainLoop.get()) }
    }

    /// The threads that run.
    fn threads(&self) -> &[event_loop_thread] {
        if self.len.get() == 0 {
            return &[];
        }
        // SAFETY: `start_threads` made the array, and has initialised so many; it is freed with the pool.
        unsafe { slice::from_raw_parts(self.threads.get(), self.len.get()) }
    }

    /// The threads as the public fields tell.
    fn public_threads(&self) -> &[event_loop_thread] {
        let (threads, n) = (self.public.eventLoopThreads.get(), self.public.thread_number.get());
        if n <= 0 || threads.is_null() {
            return &[];
        }
        // SAFETY: the header says that `eventLoopThreads` has `thread_number` elements.
        unsafe { slice::from_raw_parts(threads, n as usize) }
    }

    /// Starts the threads, once; on the main loop's thread.
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
        // SAFETY: zeroes, of which `init` makes threads below.
        let array = unsafe { libc::calloc(wanted, size_of::<event_loop_thread>()) };
        let array = array.cast::<event_loop_thread>();
        if array.is_null() {
            log_err!("thread_pool_start: no memory for {} threads", wanted);
            self.public.thread_number.set(0);
            return;
        }
        let mut running = 0;
        for i in 0..wanted {
            // SAFETY: `running` is at most `i`, so that the place is in the array; what is there hasn't been started.
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

    /// The loop whose turn it is, on the main loop's thread. None before the start.
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
            // One that was stopped has none.
            if let Some(l) = threads[at].event_loop() {
                return Some(l);
            }
        }
        Some(main)
    }

    /// What is to be called on the threads; before the start.
    pub fn set_hooks(&self, hooks: Hooks) {
        if self.public.started.get() == 0 {
            self.hooks.set(hooks);
        }
    }

    /// The pool is freed with the server that made it, and only then.
    pub fn set_serves(&self) {
        self.serves.set(true);
    }

    /// How many threads run.
    pub fn running(&self) -> usize {
        self.len.get()
    }

    /// The loop of one of the threads that run; None where it was stopped.
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

    /// Ends the threads; EDEADLK when one is known to wait for this thread.
    fn stop(&self) -> Result<(), c_int> {
        // All at once, then one after the other.
        self.threads().iter().for_each(event_loop_thread::tell_to_end);
        self.threads().iter().try_for_each(event_loop_thread::stop)?;
        if self.main_started.replace(false) {
            self.hooks.get().stops(self.main_loop());
        }
        Ok(())
    }

    /// Ends the threads of a pool, and frees it. EDEADLK when a thread is known to wait for this one: the pool stays
    /// then.
    ///
    /// # Safety
    /// A live pool, on its main loop's thread; nobody uses it afterwards.
    pub unsafe fn free(pool: NonNull<Pool>) -> Result<(), c_int> {
        // SAFETY: live until the end of this function, which frees what `allocate` and `start` made. The program has
        // put no name of its own into a running thread that it doesn't keep.
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
            // SAFETY: a pool stays live while it is listed, and leaves the list as it is freed. This is its
            // main loop's thread.
            if unsafe { Pool::free(pool) }.is_err() {
                return;
            }
        }
    }

    /// Whether pools whose main loop this is have threads.
    pub fn has_pool_threads(&self) -> bool {
        started::any_has_threads(self)
    }
}
