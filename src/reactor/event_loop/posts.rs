//! What other threads ask of a loop: a queue of tasks in the public `pending_head`, under the public `mutex`. The
//! loop's thread carries them out in order; what a send of its own has to come after it takes in before (`ahead`).
//! What a task does is up to who posts it: it carries the function that runs it (`Posted`).

mod ahead;
mod kinds;
mod raw;
mod taken;
mod task;

use crate::abi::types::{channel, yolanda_loop_callback};
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::errno;
use crate::sys::mutex::Held;
use libc::{c_int, c_void};
use std::ptr;

pub use crate::reactor::event_loop::posts::kinds::{Change, Expire};
pub use crate::reactor::event_loop::posts::raw::*;
pub use crate::reactor::event_loop::posts::taken::Taken;
pub use crate::reactor::event_loop::posts::task::{Call, Order, Posted, Queued, Task};

pub const ADD: c_int = 1;
pub const REMOVE: c_int = 2;
pub const UPDATE: c_int = 3;

/// So many tasks that call nothing take as long as a callback.
const OTHERS: u32 = 16;

impl Loop {
    /// Locks the public mutex: what other threads hand over is read and written under it.
    pub fn lock(&self) -> Held<'_> {
        Held::lock(&self.public.mutex)
    }

    /// Appends a task and wakes the loop. False, with the task thrown away, when the loop was freed.
    pub fn post(&self, task: Task) -> bool {
        let locked = self.lock();
        if self.gone.get() || self.ending.get() && !self.on_owner() {
            drop(locked);
            drop(task);
            return false;
        }
        let task = task.queue();
        match Queued::from_public(self.public.pending_tail.get()) {
            Some(last) => {
                last.set_next(Some(task));
                task.prev.set(Some(last));
            }
            None => self.public.pending_head.set(task.as_public()),
        }
        self.public.pending_tail.set(task.as_public());
        self.wake.queued();
        if !self.on_owner() || self.depth.get() == 0 {
            // While the lock is held: afterwards the loop may be taken down, and its pair closed.
            self.wake_once();
        }
        true
    }

    /// Queues a call of `callback` on the loop's thread, with data that it is for. 0, or -1 with ENOMEM or ESHUTDOWN.
    pub fn post_function(&self, callback: yolanda_loop_callback, data: *mut c_void) -> c_int {
        self.queue(Task::new(Call { callback, data }))
    }

    /// Queues a change of a channel, which lives until the loop has run the task. 0, or -1 with errno.
    pub fn post_change(&self, fd: c_int, channel: *mut channel, kind: c_int) -> c_int {
        self.queue(Task::new(Change { fd, channel, kind }))
    }

    /// `post` as the public calls report it.
    fn queue(&self, task: Option<Task>) -> c_int {
        let Some(task) = task else { return errno::fail(libc::ENOMEM) };
        if self.post(task) { 0 } else { errno::fail(libc::ESHUTDOWN) }
    }

    /// Tells the loop of an older registration that its number was given to somebody else.
    pub fn post_expire(&self, fd: c_int, id: u64) {
        if let Some(task) = Task::new(Expire { fd, id }) {
            self.post(task);
        }
    }

    /// Takes nothing more from other threads, which could post faster than a loop that ends can run.
    pub fn refuse_posts_of_others(&self) {
        let _locked = self.lock();
        self.ending.set(true);
    }

    /// Refuses what comes later, if nothing is queued now.
    pub fn shut_posts_if_empty(&self) -> bool {
        let _locked = self.lock();
        self.gone.set(self.public.pending_head.get().is_null() && self.taken.is_empty());
        self.gone.get()
    }

    /// Refuses what comes later, whatever is queued now.
    pub fn shut_posts(&self) {
        let _locked = self.lock();
        self.gone.set(true);
    }

    /// Takes what is queued: it is behind what was taken before.
    fn collect(&self) {
        if !self.wake.has_queued() {
            return;
        }
        let locked = self.lock();
        let first = Queued::from_public(self.public.pending_head.replace(ptr::null_mut()));
        let last = Queued::from_public(self.public.pending_tail.replace(ptr::null_mut()));
        self.wake.emptied();
        drop(locked);
        if let (Some(first), Some(last)) = (first, last) {
            self.taken.append(first, last);
        }
    }

    /// Runs what is queued, in order, without what is queued meanwhile. No callback of a connection is
    /// called from here, but functions that were posted are: they may run the loop, whose pass then goes
    /// on with what was taken before. So are the destructors of connections that only a task kept.
    #[inline]
    pub fn run_posts(&self) {
        if !self.taken.is_empty() || self.wake.has_queued() {
            self.run_all_posts();
        }
    }

    #[inline(never)]
    fn run_all_posts(&self) {
        self.collect();
        if self.taken.is_empty() {
            return;
        }
        let last = self.taken.batch();
        let nested = self.public.is_handle_pending.replace(1);
        let mut count = 0u32;
        while let Some(task) = self.taken.first_up_to(last) {
            let calls = self.run_post(self.taken.unlink(task));
            count = count.wrapping_add(1);
            if calls || count.is_multiple_of(OTHERS) {
                self.between();
            }
        }
        self.public.is_handle_pending.set(nested);
    }

    /// Does what a task asks for, and frees it. Whether that was a function of the program's.
    fn run_post(&self, task: Task) -> bool {
        let posters = &self.taken.posters;
        let Some(Call { callback, data }) = task.call() else {
            if !task.done.get() {
                task.run(self);
            }
            posters.forget(*task);
            return false;
        };
        let thread = task.thread;
        posters.forget(*task);
        // Freed first: the function may end in a way that never comes back here.
        drop(task);
        count(&self.counts.posts, 1);
        count(&self.counts.callbacks, 1);
        if let Some(callback) = callback {
            posters.running.begin(thread);
            // SAFETY: who posts a function gives it the data that it is for.
            unsafe { callback(self.as_c(), data) };
            posters.running.end();
        }
        true
    }
}
