//! What is carried out ahead of its turn: a send on the owner's thread comes after all sends and
//! shutdowns that other threads have asked for before. But none of them overtakes what its own thread
//! asked for earlier and has to wait for the pass: a posted function, a change of a channel.
//!
//! For that the taken tasks are sorted by thread, each once, and only when a send needs it: each
//! thread's first task tells whether something of that thread may go ahead.

use super::{ADD, CALL, CLOSE, DONE, END, REMOVE, SEND, SHUTDOWN, Task, UPDATE};
use super::{carry_out, collect, next, unlink, unpin};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::of;
use crate::reactor::tcp_connection::Connection;
use crate::sys::pool;
use std::ptr;
use std::sync::atomic::Ordering::Acquire;

/// What one thread asks, in its order.
pub struct Poster {
    thread: u64,
    first: *mut Task,
    last: *mut Task,
    next: *mut Poster,
}

/// What a loop has of it. All zeroes: nothing is sorted.
pub struct Posters {
    first: *mut Poster,
    /// The first taken task that isn't sorted.
    pub new: *mut Task,
    pub running: Running,
    /// How many were sorted.
    count: u64,
}

const FRAMES: usize = 8;

/// The threads whose posted functions are running, one within the other.
pub struct Running {
    threads: [u64; FRAMES],
    count: usize,
}

impl Running {
    pub fn begin(&mut self, thread: u64) {
        if let Some(slot) = self.threads.get_mut(self.count) {
            *slot = thread;
        }
        self.count += 1;
    }

    pub fn end(&mut self) {
        self.count -= 1;
    }

    /// Whether one of a thread's is running; of more than so many, whether one may be.
    fn has(&self, thread: u64) -> bool {
        self.count > FRAMES || self.threads.iter().take(self.count).any(|&t| t == thread)
    }
}

/// Takes in what other threads have asked for, if some of it is this connection's.
///
/// # Safety
/// On the loop's thread; the connection wasn't freed yet.
#[inline]
pub unsafe fn take_in(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if (*conn).pins.load(Acquire) != 0 {
            take_all_in((*conn).public.eventLoop.get(), conn);
        }
    }
}

unsafe fn take_all_in(l: *mut event_loop, conn: *mut Connection) {
    // SAFETY: the taken tasks are this thread's alone. The connection isn't freed with its task, as the
    // caller uses it; others may be, and call their destructors, so that their tasks wait for the pass.
    unsafe {
        collect(l);
        sort(l);
        loop {
            let task = first_that_may(l);
            if task.is_null() {
                return;
            }
            carry_out(l, task);
            forget(l, task);
            if (*task).conn.get() == conn {
                unlink(l, task);
                unpin(task);
            } else {
                (*task).public.r#type = DONE;
            }
        }
    }
}

/// The oldest of the threads' first tasks that may go ahead; NULL where there is none.
unsafe fn first_that_may(l: *mut event_loop) -> *mut Task {
    // SAFETY: a poster has a task, and both live until `forget`.
    unsafe {
        let posters = &raw const (*of(l)).posters;
        let mut found: *mut Task = ptr::null_mut();
        let mut poster = (*posters).first;
        while !poster.is_null() {
            let task = (*poster).first;
            let may = matches!((*task).public.r#type, SEND | SHUTDOWN | END | CLOSE)
                && !(*posters).running.has((*poster).thread);
            if may && (found.is_null() || (*task).order.get() < (*found).order.get()) {
                found = task;
            }
            poster = (*poster).next;
        }
        found
    }
}

/// Sorts what wasn't. What there is no memory for stays where it is, and with it all that is behind.
unsafe fn sort(l: *mut event_loop) {
    // SAFETY: as in `take_all_in`.
    unsafe {
        let posters = &raw mut (*of(l)).posters;
        while !(*posters).new.is_null() {
            let task = (*posters).new;
            // The others change nothing that the order of a thread's calls shows.
            if matches!(
                (*task).public.r#type,
                SEND | SHUTDOWN | END | CLOSE | CALL | ADD | REMOVE | UPDATE
            ) {
                let poster = poster_of(posters, (*task).thread.get());
                if poster.is_null() {
                    return;
                }
                (*task).order.set((*posters).count);
                (*posters).count += 1;
                (*task).poster.set(poster);
                if (*poster).first.is_null() {
                    (*poster).first = task;
                } else {
                    (*(*poster).last).next_of_thread.set(task);
                }
                (*poster).last = task;
            }
            (*posters).new = next(task);
        }
    }
}

/// Finds or makes a thread's; NULL when memory is out.
unsafe fn poster_of(posters: *mut Posters, thread: u64) -> *mut Poster {
    // SAFETY: the list is the loop's thread's; a new one is written before it is linked.
    unsafe {
        let mut poster = (*posters).first;
        while !poster.is_null() && (*poster).thread != thread {
            poster = (*poster).next;
        }
        if poster.is_null() {
            poster = pool::alloc(size_of::<Poster>()).cast();
            if !poster.is_null() {
                let none = ptr::null_mut();
                let next = (*posters).first;
                poster.write(Poster { thread, first: none, last: none, next });
                (*posters).first = poster;
            }
        }
        poster
    }
}

/// Takes a task that was carried out off its thread's, whose first it is: both orders are the queue's.
///
/// # Safety
/// On the loop's thread; the task was taken.
pub unsafe fn forget(l: *mut event_loop, task: *mut Task) {
    // SAFETY: as said; a thread's that has nothing more is unlinked before it is freed.
    unsafe {
        let poster = (*task).poster.get();
        if poster.is_null() {
            return;
        }
        (*task).poster.set(ptr::null_mut());
        (*poster).first = (*task).next_of_thread.get();
        if !(*poster).first.is_null() {
            return;
        }
        let mut link = &raw mut (*of(l)).posters.first;
        while *link != poster {
            link = &raw mut (**link).next;
        }
        *link = (*poster).next;
        pool::free(poster.cast(), size_of::<Poster>());
    }
}
