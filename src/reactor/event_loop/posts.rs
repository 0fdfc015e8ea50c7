//! Tasks that other threads post to a loop: a queue in the public `pending_head`, protected by the public
//! `mutex`. The loop's thread runs them in order. A send on the loop's thread first runs those that must come
//! before it (`ahead`). A task contains the function that runs it (`Posted`), which is up to the poster.

mod ahead;
mod kinds;
mod taken;
mod task;

use crate::abi::types::{channel, yolanda_loop_callback};
use crate::reactor::event_loop::posts::kinds::Change;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::shared::Accepts;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::errno;
use libc::{c_int, c_void};

pub use crate::reactor::event_loop::posts::taken::Taken;
pub use crate::reactor::event_loop::posts::task::{Call, Order, Posted, Queued, Task};

/// The number of tasks without callbacks that take about as long as a callback.
const OTHERS: u32 = 16;

impl RemoteLoop {
    /// Appends a task and wakes the loop. False, after dropping the task, if the loop was freed.
    pub fn post(&self, task: Task) -> bool {
        let locked = self.lock();
        let accepted = match locked.accepts.get() {
            Accepts::All => true,
            Accepts::OwnThread => self.on_owner(),
            Accepts::Nothing => false,
        };
        if !accepted {
            drop(locked);
            drop(task);
            return false;
        }
        locked.push(task);
        self.wake.queued();
        if self.here().is_none_or(|l| l.depth.get() == 0) {
            // Before the mutex is unlocked, because the loop may be freed afterwards and its socket pair closed.
            self.wake_once();
        }
        true
    }

    /// Queues a call of `callback` with `data` on the loop's thread. 0, or -1 with ENOMEM or ESHUTDOWN.
    pub fn post_function(&self, callback: yolanda_loop_callback, data: *mut c_void) -> c_int {
        self.post_call(Call::new(callback, data))
    }

    /// The same for a call whose data may be destroyed after it.
    pub fn post_call(&self, call: Call) -> c_int {
        self.queue(Task::new(call))
    }

    /// Queues a change of a channel, which must stay valid until the task has run. 0, or -1 with errno.
    pub fn post_change(&self, fd: c_int, channel: *mut channel, kind: c_int) -> c_int {
        self.queue(Task::new(Change { fd, channel, kind }))
    }

    /// `post` with the result of the public functions.
    fn queue(&self, task: Option<Task>) -> c_int {
        let Some(task) = task else { return errno::fail(libc::ENOMEM) };
        if self.post(task) { 0 } else { errno::fail(libc::ESHUTDOWN) }
    }
}

impl Loop {
    /// Refuses posts of other threads, which could post faster than an ending loop can run the tasks.
    pub fn refuse_posts_of_others(&self) {
        let locked = self.lock();
        if locked.accepts.get() == Accepts::All {
            locked.accepts.set(Accepts::OwnThread);
        }
    }

    /// Refuses further posts if the queue is empty.
    pub fn shut_posts_if_empty(&self) -> bool {
        let locked = self.lock();
        let empty = locked.has_none() && self.taken.is_empty();
        if empty {
            locked.accepts.set(Accepts::Nothing);
        }
        empty
    }

    /// Refuses further posts, even if the queue isn't empty.
    pub fn shut_posts(&self) {
        self.lock().accepts.set(Accepts::Nothing);
    }

    /// Moves the queue to the end of the taken tasks.
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

    /// Runs the queued tasks in order, without those that are queued meanwhile. This calls no callbacks of
    /// connections, but it calls posted functions, which may run the loop; the inner iteration continues with the
    /// taken tasks. It also frees connections that only a task has kept, which calls their destructors.
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

    /// Runs a task and frees it. Returns whether it was a function of the program.
    fn run_post(&self, task: Task) -> bool {
        let posters = &self.taken.posters;
        let Some(Call { callback, data, destroy }) = task.call() else {
            if !task.done.get() {
                task.run(self);
            }
            posters.forget(*task);
            return false;
        };
        let thread = task.thread;
        posters.forget(*task);
        // Freed first, because the function may not return (longjmp, exit).
        drop(task);
        count(&self.counts.posts, 1);
        count(&self.counts.callbacks, 1);
        if let Some(callback) = callback {
            posters.running.begin(thread);
            // SAFETY: the poster of a function has passed the data for which it is.
            unsafe { callback(self.as_c(), data) };
            self.destroy(destroy, data);
            posters.running.end();
        }
        true
    }
}
