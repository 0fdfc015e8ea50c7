//! What other threads use of a loop while its own thread works: the wake-up, what they ask for, and what they
//! hand over under the public mutex. They have the rest of a loop only through functions that touch nothing else.

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
    /// Why somebody wants the loop to look at its servers (`tcp_server::server_events`).
    pub server_events: AtomicU8,
    /// The library ends the loop: its thread closes what it has, and ends, too.
    pub ends: AtomicBool,
    /// Who needs the memory: the owner, each connection, each job that will report to the loop.
    pub refs: RefCount,
    handed: Handed,
}

/// What is read and written under the public mutex, like the queue of the public struct.
pub struct Handed {
    /// The loop was freed. Only its memory is still there.
    pub gone: Cell<bool>,
    /// It is being freed, and takes nothing more from other threads.
    pub ending: Cell<bool>,
    /// The listeners that are to accept here.
    pub arriving: Head,
}

/// Holds the public mutex of a loop.
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
    /// Locks the public mutex. While it is held the loop isn't taken down.
    pub fn lock(&self) -> Locked<'_> {
        let held = Held::lock(&self.public.mutex);
        Locked { handed: &self.shared.handed, _held: held }
    }

    /// Whether the loop was freed, for any thread.
    pub fn was_freed(&self) -> bool {
        self.lock().gone.get()
    }

    /// Whether the loop was freed, for its own thread, which alone says so.
    pub fn is_gone(&self) -> bool {
        self.shared.handed.gone.get()
    }
}
