//! Running tasks ahead of their turn: a send on the owner's thread comes after all sends and shutdowns that other
//! threads have requested before. But no task overtakes earlier tasks of its own thread that have to wait for the
//! iteration: posted functions and changes of channels.
//!
//! For this the taken tasks are sorted by thread, each once, and only when a send needs it. The first task of
//! each thread determines whether a task of that thread may run ahead.

#![forbid(unsafe_code)]

use super::task::{Order, Queued};
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool::array::Array;
use std::cell::Cell;

/// The tasks of one thread in order.
#[derive(Clone, Copy)]
struct Poster {
    thread: u64,
    first: Queued,
    last: Queued,
}

/// The threads of the sorted tasks. All zeroes: nothing is sorted.
pub struct Posters {
    posters: Array<Poster>,
    /// The first taken task that isn't sorted yet.
    pub unsorted: Cell<Option<Queued>>,
    pub running: Running,
    /// The number of sorted tasks.
    count: Cell<u64>,
}

const FRAMES: usize = 8;

/// The threads whose posted functions are running, nested in each other.
pub struct Running {
    threads: [Cell<u64>; FRAMES],
    count: Cell<usize>,
}

impl Running {
    pub fn begin(&self, thread: u64) {
        if let Some(slot) = self.threads.get(self.count.get()) {
            slot.set(thread);
        }
        self.count.set(self.count.get() + 1);
    }

    pub fn end(&self) {
        self.count.set(self.count.get() - 1);
    }

    /// Whether a function of this thread is running. If too many are running, true when it is possible.
    fn has(&self, thread: u64) -> bool {
        let count = self.count.get();
        count > FRAMES || self.threads.iter().take(count).any(|t| t.get() == thread)
    }
}

impl Posters {
    fn position(&self, is: impl Fn(&Poster) -> bool) -> Option<(usize, Poster)> {
        (0..self.posters.len()).find_map(|at| {
            let poster = self.posters.get(at)?;
            is(&poster).then_some((at, poster))
        })
    }

    /// The oldest of the threads' first tasks that may run ahead.
    fn first_that_may(&self) -> Option<Queued> {
        (0..self.posters.len())
            .filter_map(|at| self.posters.get(at))
            .filter(|it| it.first.order() == Order::Ahead && !self.running.has(it.thread))
            .map(|it| it.first)
            .min_by_key(|first| first.place.get())
    }

    /// Sorts new tasks. If out of memory, the rest stays unsorted.
    fn sort(&self) {
        while let Some(task) = self.unsorted.get() {
            if task.order() != Order::Any && !self.add(task) {
                return;
            }
            self.unsorted.set(task.next());
        }
    }

    /// Appends a task to those of its thread. False if out of memory.
    fn add(&self, task: Queued) -> bool {
        match self.position(|poster| poster.thread == task.thread) {
            Some((at, poster)) => {
                poster.last.next_of_thread.set(Some(task));
                self.posters.set(at, Poster { last: task, ..poster });
            }
            None => {
                if !self.posters.push(Poster { thread: task.thread, first: task, last: task }) {
                    return false;
                }
            }
        }
        task.place.set(self.count.get());
        self.count.set(self.count.get() + 1);
        true
    }

    /// Removes a task that was run from those of its thread. A sorted task is the first there, because both
    /// orders are that of the queue.
    pub fn forget(&self, task: Queued) {
        let Some((at, poster)) = self.position(|poster| poster.first == task) else { return };
        match task.next_of_thread.get() {
            Some(first) => self.posters.set(at, Poster { first, ..poster }),
            None => {
                if let Some(last) = self.posters.pop() {
                    self.posters.set(at, last);
                }
            }
        }
    }

    /// Frees the table.
    pub fn clear(&self) {
        self.posters.clear();
    }
}

impl Loop {
    /// Runs tasks of other threads that come before a send. Tasks for `subject` are freed at once, because the
    /// caller keeps the subject alive. Tasks for others are freed in the iteration, because that may free their
    /// connections and call destructors.
    pub fn take_in(&self, subject: *const ()) {
        let posters = &self.taken.posters;
        self.collect();
        posters.sort();
        while let Some(task) = posters.first_that_may() {
            task.run(self);
            posters.forget(task);
            if task.subject == subject {
                drop(self.taken.unlink(task));
            } else {
                task.done.set(true);
            }
        }
    }
}
