//! What is carried out ahead of its turn: a send on the owner's thread comes after all sends and
//! shutdowns that other threads have asked for before. But none of them overtakes what its own thread
//! asked for earlier and has to wait for the iteration: a posted function, a change of a channel.
//!
//! For that the taken tasks are sorted by thread, each once, and only when a send needs it: each
//! thread's first task tells whether something of that thread may go ahead.

#![forbid(unsafe_code)]

use super::task::{Order, Queued};
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool::array::Array;
use std::cell::Cell;

/// What one thread asks, in its order.
#[derive(Clone, Copy)]
struct Poster {
    thread: u64,
    first: Queued,
    last: Queued,
}

/// The threads that have tasks which are sorted. All zeroes: nothing is sorted.
pub struct Posters {
    posters: Array<Poster>,
    /// The first taken task that isn't sorted.
    pub unsorted: Cell<Option<Queued>>,
    pub running: Running,
    /// How many were sorted.
    count: Cell<u64>,
}

const FRAMES: usize = 8;

/// The threads whose posted functions are running, one within the other.
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

    /// Whether one of a thread's is running; of more than so many, whether one may be.
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

    /// The oldest of the threads' first tasks that may go ahead.
    fn first_that_may(&self) -> Option<Queued> {
        (0..self.posters.len())
            .filter_map(|at| self.posters.get(at))
            .filter(|it| it.first.order() == Order::Ahead && !self.running.has(it.thread))
            .map(|it| it.first)
            .min_by_key(|first| first.place.get())
    }

    /// Sorts what wasn't. What there is no memory for stays where it is, and with it all that is behind.
    fn sort(&self) {
        while let Some(task) = self.unsorted.get() {
            if task.order() != Order::Any && !self.add(task) {
                return;
            }
            self.unsorted.set(task.next());
        }
    }

    /// Puts a task behind the others of its thread. False when memory is out.
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

    /// Takes a task that was carried out off its thread's. If it was sorted it is the first there: both orders are
    /// the queue's.
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
    /// Takes in what other threads have asked for; what is done for `subject` is freed at once. That isn't freed
    /// with its task, as the caller uses it; others may be, and call their destructors, so that their tasks wait
    /// for the iteration.
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
