//! The part of a loop that other threads may use: the wake-up, their requests, and what they pass under the
//! public mutex. They access the rest of a loop only through functions that touch nothing else.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::Head;
use crate::sync::refs::RefCount;
use crate::sync::wake_flag::WakeFlag;
use crate::sys::mutex::Held;
use std::cell::Cell;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU8};

pub struct Shared {
    pub wake: WakeFlag,
    /// Requests to check the loop's servers (`tcp_server::server_events`).
    pub server_events: AtomicU8,
    /// The library ends the loop: its thread closes the loop's objects and ends.
    pub ends: AtomicBool,
    /// The references to the memory: of the owner, each connection, and each job that will report to the loop.
    pub refs: RefCount,
    handed: Handed,
}

/// The data that is protected by the public mutex, like the queue in the public struct.
pub struct Handed {
    /// The loop was freed. Only its memory still exists.
    pub gone: Cell<bool>,
    /// The loop is being freed, and refuses posts of other threads.
    pub ending: Cell<bool>,
    /// Listeners that will accept on this loop.
    pub arriving: Head,
}

/// A loop whose public mutex is locked.
pub struct Locked<'l> {
    handed: &'l Handed,
    _held: Held<'l>,
}

impl Deref for Locked<'_> {
    type Target = Handed;

    fn deref(&self) -> &Handed {
        self.handed
    }
}

impl Loop {
    /// Locks the public mutex. The loop isn't freed while it is locked.
    pub fn lock(&self) -> Locked<'_> {
        let held = Held::lock(&self.public.mutex);
        Locked { handed: &self.shared.handed, _held: held }
    }

    /// Whether the loop was freed. For its own thread, which is the only one that sets it.
    pub fn is_gone(&self) -> bool {
        self.shared.handed.gone.get()
    }
}
