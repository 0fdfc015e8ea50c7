//! The loops that serve connections, handed out in turn.

use super::event_loop_thread as threads;
use crate::abi::types::{event_loop, event_loop_thread, thread_pool};
use crate::reactor::event_loop::owner::{assertInSameThread, on_owner};
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::threads::event_loop_thread::{Hooks, event_loop_thread_init};
use crate::sys::errno;
use libc::c_int;
use std::cell::Cell;
use std::ptr;

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
    next: Cell<*mut Pool>,
}

fn of(pool: *mut thread_pool) -> *mut Pool {
    pool.cast()
}

pub unsafe extern "C" fn thread_pool_new(
    mainLoop: *mut event_loop,
    threadNumber: c_int,
) -> *mut thread_pool {
    if mainLoop.is_null() {
        log_err!("thread_pool_new: no event loop");
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    // SAFETY: the block is checked, and filled at once.
    unsafe {
        let pool = libc::malloc(size_of::<Pool>()).cast::<Pool>();
        if !pool.is_null() {
            let public = thread_pool {
                mainLoop: Cell::new(mainLoop),
                started: Cell::new(0),
                thread_number: Cell::new(threadNumber),
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
                next: Cell::new(ptr::null_mut()),
            });
        }
        pool.cast()
    }
}

pub unsafe extern "C" fn thread_pool_start(threadPool: *mut thread_pool) {
    if threadPool.is_null() {
        log_err!("thread_pool_start: no thread pool");
        errno::set(libc::EINVAL);
        return;
    }
    // SAFETY: a live pool, by this function's contract.
    unsafe {
        assertInSameThread((*threadPool).mainLoop.get());
        if (*threadPool).started.get() != 0 {
            return;
        }
        (*threadPool).started.set(1);
        let own = of(threadPool);
        let main = loop_of((*threadPool).mainLoop.get());
        (*own).next.set((*main).pools.get());
        (*main).pools.set(own);
        start_threads(own);
        if (*own).len.get() == 0 {
            (*own).main_started.set(true);
            (*own).hooks.get().starts((*threadPool).mainLoop.get());
        }
    }
}

unsafe fn start_threads(own: *mut Pool) {
    // SAFETY: a live pool that is being started, on its main loop's thread.
    unsafe {
        let public = &raw mut (*own).public;
        let wanted = (*public).thread_number.get().max(0) as usize;
        if wanted == 0 {
            return;
        }
        let array = libc::calloc(wanted, size_of::<event_loop_thread>());
        let array = array.cast::<event_loop_thread>();
        if array.is_null() {
            log_err!("thread_pool_start: no memory for {} threads", wanted);
            (*public).thread_number.set(0);
            return;
        }
        let parts = (*loop_of((*public).mainLoop.get())).parts;
        let mut running = 0;
        for i in 0..wanted {
            let thread = array.add(running);
            if event_loop_thread_init(thread, i as c_int) == 0
                && !threads::start(thread, (*own).hooks.get(), parts).is_null()
            {
                running += 1;
            } else {
                libc::free((*thread).thread_name.get().cast());
                (*thread).thread_name.set(ptr::null_mut());
            }
        }
        (*public).eventLoopThreads.set(array);
        (*public).thread_number.set(running as c_int);
        (*own).threads.set(array);
        (*own).len.set(running);
    }
}

pub unsafe extern "C" fn thread_pool_get_loop(threadPool: *mut thread_pool) -> *mut event_loop {
    if threadPool.is_null() {
        log_err!("thread_pool_get_loop: no thread pool");
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    // SAFETY: a live pool; the array has `thread_number` elements once started.
    unsafe {
        assertInSameThread((*threadPool).mainLoop.get());
        if (*threadPool).started.get() == 0 {
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let n = (*threadPool).thread_number.get();
        if n <= 0 || (*threadPool).eventLoopThreads.get().is_null() {
            return (*threadPool).mainLoop.get();
        }
        for _ in 0..n {
            let at = (*threadPool).position.get().max(0) % n;
            (*threadPool).position.set((at + 1) % n);
            let l = (*(*threadPool).eventLoopThreads.get().add(at as usize)).eventLoop.get();
            // One that was stopped has none.
            if !l.is_null() {
                return l;
            }
        }
        (*threadPool).mainLoop.get()
    }
}

/// What is to be called on the threads; before the start.
///
/// # Safety
/// A live pool.
pub unsafe fn set_hooks(pool: *mut thread_pool, hooks: Hooks) {
    // SAFETY: as said.
    unsafe {
        if (*pool).started.get() == 0 {
            (*of(pool)).hooks.set(hooks);
        }
    }
}

/// The pool is freed with the server that made it, and only then.
///
/// # Safety
/// A live pool.
pub unsafe fn set_serves(pool: *mut thread_pool) {
    // SAFETY: as said.
    unsafe { (*of(pool)).serves.set(true) };
}

/// How many threads run.
///
/// # Safety
/// NULL or a live pool.
pub unsafe fn running(pool: *mut thread_pool) -> usize {
    // SAFETY: as said.
    unsafe { if pool.is_null() { 0 } else { (*of(pool)).len.get() } }
}

/// The loop of one of the threads that run; NULL where it was stopped.
///
/// # Safety
/// A live pool that has more than `i` threads.
pub unsafe fn loop_at(pool: *mut thread_pool, i: usize) -> *mut event_loop {
    // SAFETY: as said.
    unsafe { (*(*of(pool)).threads.get().add(i)).eventLoop.get() }
}

pub unsafe extern "C-unwind" fn yolanda_thread_pool_free(pool: *mut thread_pool) -> c_int {
    if pool.is_null() {
        log_err!("yolanda_thread_pool_free: no thread pool");
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live pool.
    unsafe {
        let own = of(pool);
        if (0..(*own).len.get()).any(|i| threads::is_current((*own).threads.get().add(i))) {
            return errno::fail(libc::EDEADLK);
        }
        if !on_owner((*pool).mainLoop.get()) {
            return errno::fail(libc::EPERM);
        }
        if (*own).serves.get() {
            return errno::fail(libc::EBUSY);
        }
        free(pool)
    }
}

/// Ends the threads of a pool, and frees it. 0, or -1 with EDEADLK when a thread is known to wait
/// for this one: the pool stays then.
///
/// # Safety
/// A live pool, on its main loop's thread.
pub unsafe fn free(pool: *mut thread_pool) -> c_int {
    // SAFETY: as said; nobody else uses the pool any more.
    unsafe {
        let own = of(pool);
        let (array, len) = ((*own).threads.get(), (*own).len.get());
        // All at once, then one after the other.
        (0..len).for_each(|i| threads::tell_to_end(array.add(i)));
        for i in 0..len {
            if threads::stop(array.add(i)) < 0 {
                return -1;
            }
        }
        if (*own).main_started.replace(false) {
            (*own).hooks.get().stops((*pool).mainLoop.get());
        }
        unlist(own);
        (0..len).for_each(|i| libc::free((*array.add(i)).thread_name.get().cast()));
        libc::free(array.cast());
        libc::free(pool.cast());
    }
    0
}

unsafe fn unlist(own: *mut Pool) {
    // SAFETY: the list is the main loop's thread's.
    unsafe {
        let mut link = (*loop_of((*own).public.mainLoop.get())).pools.as_ptr();
        while !(*link).is_null() && *link != own {
            link = (**link).next.as_ptr();
        }
        if !(*link).is_null() {
            *link = (*own).next.get();
        }
    }
}

/// Frees the pools that were started on a loop.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn free_all_of(l: *mut event_loop) {
    // SAFETY: listed pools are live; each takes itself off the list.
    unsafe {
        while !(*loop_of(l)).pools.get().is_null() {
            if free((*loop_of(l)).pools.get().cast()) < 0 {
                return;
            }
        }
    }
}

/// Whether pools whose main loop this is have threads.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn has_threads(l: *mut event_loop) -> bool {
    // SAFETY: listed pools are live, with as many threads as they say.
    unsafe {
        let mut pool = (*loop_of(l)).pools.get();
        while !pool.is_null() {
            if (0..(*pool).len.get()).any(|i| (*(*pool).threads.get().add(i)).thread_tid.get() != 0)
            {
                return true;
            }
            pool = (*pool).next.get();
        }
        false
    }
}
