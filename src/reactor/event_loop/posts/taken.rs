//! The tasks that the loop's thread has taken from the public queue and is running, the oldest first.

#![forbid(unsafe_code)]

use super::ahead::Posters;
use super::task::{Queued, Task};
use std::cell::Cell;

/// All zeroes: none.
pub struct Taken {
    first: Cell<Option<Queued>>,
    last: Cell<Option<Queued>>,
    /// How often the queue was taken.
    batch: Cell<u64>,
    pub posters: Posters,
}

impl Taken {
    pub fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// The number of the latest batch.
    pub fn batch(&self) -> u64 {
        self.batch.get()
    }

    /// The oldest task, if it belongs to `batch` or an earlier one.
    pub fn first_up_to(&self, batch: u64) -> Option<Queued> {
        self.first.get().filter(|task| task.batch.get() <= batch)
    }

    /// Appends a batch of linked tasks, from the first to the last.
    pub fn append(&self, first: Queued, last: Queued) {
        self.batch.set(self.batch.get() + 1);
        first.batch.set(self.batch.get());
        first.prev.set(self.last.get());
        match self.last.get() {
            Some(before) => before.set_next(Some(first)),
            None => self.first.set(Some(first)),
        }
        self.last.set(Some(last));
        if self.posters.unsorted.get().is_none() {
            self.posters.unsorted.set(Some(first));
        }
    }

    /// Removes a task, which must not be in the list of its thread any more.
    pub fn unlink(&self, task: Queued) -> Task {
        let (prev, next) = (task.prev.get(), task.next());
        match prev {
            Some(prev) => prev.set_next(next),
            None => self.first.set(next),
        }
        match next {
            Some(next) => {
                next.prev.set(prev);
                if next.batch.get() == 0 {
                    next.batch.set(task.batch.get());
                }
            }
            None => self.last.set(prev),
        }
        if self.posters.unsorted.get() == Some(task) {
            self.posters.unsorted.set(next);
        }
        task.into_task()
    }
}
