//! What other threads use of a loop while its own thread works: the wake-up, what they ask for, and what they
//! hand over under the public mutex. They have the rest of a loop only as `RemoteLoop` lets them.

use crate::abi::types::channel_element;
use crate::reactor::event_loop::posts::{Queued, Task};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::Head;
use crate::sync::refs::RefCount;
use crate::sync::wake_flag::WakeFlag;
use crate::sys::mutex::Held;
use libc::pthread_mutex_t;
use std::cell::{Cell, UnsafeCell};
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU8};

pub struct Shared {
    pub wake: WakeFlag,
    /// Why somebody wants the loop to look at its servers (`tcp_server::server_events`).
    pub server_events: AtomicU8,
    /// The library ends the loop: its thread closes what it has, and ends, too.
    pub ends: AtomicBool,
    /// Who needs the memory: the owner, each connection, each job that will report to the loop.
    pub refs: RefCount,
    handed: Guarded,
}

/// Every field is for all threads: this doesn't compile otherwise.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<Shared>();
};

/// What is read and written under the public mutex, like the queue of the public struct.
pub struct Handed {
    /// The loop was freed. Only its memory is still there.
    pub gone: Cell<bool>,
    /// It is being freed, and takes nothing more from other threads.
    pub ending: Cell<bool>,
    /// The listeners that are to accept here.
    pub arriving: Head,
}

struct Guarded(Handed);

// SAFETY: `locked` gives it to who holds the mutex. Besides, `is_gone` reads on the loop's thread what only that one
// writes.
unsafe impl Sync for Guarded {}

/// Holds the public mutex of a loop.
pub struct Locked<'l> {
    handed: &'l Handed,
    first: &'l Cell<*mut channel_element>,
    last: &'l Cell<*mut channel_element>,
    _held: Held<'l>,
}

impl Deref for Locked<'_> {
    type Target = Handed;

    fn deref(&self) -> &Handed {
        self.handed
    }
}

impl Locked<'_> {
    /// Puts a task at the end of the queue.
    pub fn push(&self, task: Task) {
        let task = task.queue();
        match Queued::from_public(self.last.get()) {
            Some(last) => {
                last.set_next(Some(task));
                task.prev.set(Some(last));
            }
            None => self.first.set(task.as_public()),
        }
        self.last.set(task.as_public());
    }

    /// Takes the whole queue: the first task and the last.
    pub fn take_all(&self) -> Option<(Queued, Queued)> {
        let first = Queued::from_public(self.first.replace(ptr::null_mut()));
        let last = Queued::from_public(self.last.replace(ptr::null_mut()));
        first.zip(last)
    }

    pub fn has_none(&self) -> bool {
        self.first.get().is_null()
    }
}

impl Shared {
    /// Locks the mutex that guards the queue and what is handed over.
    pub(super) fn locked<'l>(
        &'l self,
        mutex: &'l UnsafeCell<pthread_mutex_t>,
        first: &'l Cell<*mut channel_element>,
        last: &'l Cell<*mut channel_element>,
    ) -> Locked<'l> {
        Locked { _held: Held::lock(mutex), handed: &self.handed.0, first, last }
    }
}

impl Loop {
    /// Whether the loop was freed, for its own thread, which alone says so.
    pub fn is_gone(&self) -> bool {
        self.shared.handed.0.gone.get()
    }
}
