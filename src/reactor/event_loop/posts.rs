//! What other threads ask of a loop: a queue of tasks in the public `pending_head`, under the public `mutex`. The
//! loop's thread carries them out in order; what a send of its own has to come after it takes in before (`ahead`).
//! What a task does is up to who posts it: it carries the function that runs it (`Posted`).

mod ahead;
mod kinds;
mod taken;
mod task;

use crate::abi::types::{channel, yolanda_loop_callback};
use crate::reactor::event_loop::posts::kinds::Change;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::errno;
use libc::{c_int, c_void};

pub use crate::reactor::event_loop::posts::taken::Taken;
pub use crate::reactor::event_loop::posts::task::{Call, Order, Posted, Queued, Task};

pub const ADD: c_int = 1;
pub const REMOVE: c_int = 2;
pub const UPDATE: c_int = 3;

/// So many tasks that call nothing take as long as a callback.
const OTHERS: u32 = 16;

impl RemoteLoop {
    /// Appends a task and wakes the loop. False, with the task thrown away, when the loop was freed.
    pub fn post(&self, task: Task) -> bool {
        let locked = self.lock();
        if locked.gone.get() || locked.ending.get() && !self.on_owner() {
            drop(locked);
            drop(task);
            return false;
        }
        locked.push(task);
        self.wake.queued();
        if self.here().is_none_or(|l| l.depth.get() == 0) {
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
}

impl Loop {
    /// Takes nothing more from other threads, which could post faster than a loop that ends can run.
    pub fn refuse_posts_of_others(&self) {
        self.lock().ending.set(true);
    }

    /// Refuses what comes later, if nothing is queued now.
    pub fn shut_posts_if_empty(&self) -> bool {
        let locked = self.lock();
        locked.gone.set(locked.has_none() && self.taken.is_empty());
        locked.gone.get()
    }

    /// Refuses what comes later, whatever is queued now.
    pub fn shut_posts(&self) {
        self.lock().gone.set(true);
    }

    /// Takes what is queued: it is behind what was taken before.
    fn collect(&self) {
        if !self.shared.wake.has_queued() {
            return;
        }
        let locked = self.lock();
        let queue = locked.take_all();
        self.shared.wake.emptied();
        drop(locked);
        if let Some((first, last)) = queue {
            self.taken.append(first, last);
        }
    }

    /// Runs what is queued, in order, without what is queued meanwhile. No callback of a connection is
    /// called from here, but functions that were posted are: they may run the loop, whose iteration then goes
    /// on with what was taken before. So are the destructors of connections that only a task kept.
    #[inline]
    pub fn run_posts(&self) {
        if !self.taken.is_empty() || self.shared.wake.has_queued() {
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
