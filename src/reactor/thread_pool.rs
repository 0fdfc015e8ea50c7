//! The loops that serve connections, handed out in turn.

use super::event_loop_thread::{event_loop_thread_init, event_loop_thread_start};
use super::utils::assertInSameThread;
use crate::abi::types::{event_loop, event_loop_thread, thread_pool};
use crate::sys::errno;
use libc::c_int;
use std::ptr;

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
        let pool = libc::malloc(size_of::<thread_pool>()).cast::<thread_pool>();
        if !pool.is_null() {
            pool.write(thread_pool {
                mainLoop,
                started: 0,
                thread_number: threadNumber,
                eventLoopThreads: ptr::null_mut(),
                position: 0,
            });
        }
        pool
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
        assertInSameThread((*threadPool).mainLoop);
        if (*threadPool).started != 0 {
            return;
        }
        (*threadPool).started = 1;
        let wanted = (*threadPool).thread_number.max(0) as usize;
        if wanted == 0 {
            return;
        }
        let threads = libc::calloc(wanted, size_of::<event_loop_thread>());
        let threads = threads.cast::<event_loop_thread>();
        if threads.is_null() {
            log_err!("thread_pool_start: no memory for {} threads", wanted);
            (*threadPool).thread_number = 0;
            return;
        }
        let mut running = 0;
        for i in 0..wanted {
            let thread = threads.add(running);
            if event_loop_thread_init(thread, i as c_int) == 0
                && !event_loop_thread_start(thread).is_null()
            {
                running += 1;
            } else {
                libc::free((*thread).thread_name.cast());
                (*thread).thread_name = ptr::null_mut();
            }
        }
        (*threadPool).eventLoopThreads = threads;
        (*threadPool).thread_number = running as c_int;
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
        assertInSameThread((*threadPool).mainLoop);
        if (*threadPool).started == 0 {
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let n = (*threadPool).thread_number;
        if n <= 0 || (*threadPool).eventLoopThreads.is_null() {
            return (*threadPool).mainLoop;
        }
        let at = (*threadPool).position.max(0) % n;
        (*threadPool).position = (at + 1) % n;
        (*(*threadPool).eventLoopThreads.add(at as usize)).eventLoop
    }
}
