//! The part of a loop that other threads may use: the wake-up, their requests, and what they pass under the public
//! mutex. They access the rest of a loop only as `RemoteLoop` allows.

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
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

pub struct Shared {
    pub wake: WakeFlag,
    /// Requests to check the loop's servers (`tcp_server::server_events`).
    pub server_events: AtomicU8,
    /// The library ends the loop: its thread closes the loop's objects and ends.
    pub ends: AtomicBool,
    /// The number of connections, including those that are on their way to the loop.
    pub load: AtomicU64,
    /// The references to the memory: of the owner, each connection, and each job that will report to the loop.
    pub refs: RefCount,
    handed: Guarded,
}

/// Every field is for all threads: this doesn't compile otherwise.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<Shared>();
};

/// Whose posts a loop accepts. All zeroes: those of all threads.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Accepts {
    All,
    /// The loop is being freed: only those of its own thread.
    OwnThread,
    /// The loop was freed: only its memory still exists.
    Nothing,
}

/// The data that is protected by the public mutex, like the queue in the public struct.
pub struct Handed {
    pub accepts: Cell<Accepts>,
    /// Listeners that will accept on this loop.
    pub arriving: Head,
}

struct Guarded(Handed);

// SAFETY: `locked` gives access only while the mutex is locked. In addition, `is_gone` and `is_ending` read, on the
// loop's thread, fields that only this thread writes.
unsafe impl Sync for Guarded {}

/// A loop whose public mutex is locked.
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
    /// Appends a task to the queue.
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
    /// Locks the mutex that protects the queue and the data that is passed.
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
    /// Whether the loop was freed. For its own thread, which is the only one that sets it.
    pub fn is_gone(&self) -> bool {
        self.shared.handed.0.accepts.get() == Accepts::Nothing
    }

    /// Whether the loop is being freed. For its own thread, which is the only one that sets it.
    pub fn is_ending(&self) -> bool {
        self.shared.handed.0.accepts.get() != Accepts::All
    }
}
