//! The listeners of a loop, whichever servers they belong to, and those that are to be added to it. Only the functions
//! of this file iterate over them.

use super::Server;
use super::listener::{Listener, Wait};
use super::phase::Phase;
use crate::reactor::event_loop::shared::Locked;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use crate::reactor::list::{Keeps, List, places};
use std::ptr::NonNull;

/// Borrowed for an iteration over the lists, only by functions of this file.
struct Look(());

// SAFETY: a listener is removed from the list when it closes, on the list's thread. Until then its server exists or
// is kept. No function of this file releases a server before it has the next listener, or it restarts the iteration.
unsafe impl Keeps<Listener> for Look {}

places! {
    /// The list of listeners that are to be added to a loop, and of those of a loop.
    enum OfLoop: List<Listener> by link, kept by Look, in listeners;
}

/// The listeners that are to be added to a loop, protected by its mutex.
fn arriving<'a>(locked: &'a Locked) -> &'a List<OfLoop> {
    // SAFETY: only this function hands out the head.
    unsafe { List::from_head(&locked.arriving) }
}

/// Adds a listener to those that are to be added to a loop; its server stays until `arrive_all` has processed it.
pub fn add_arriving(locked: &Locked, listener: &Listener) {
    arriving(locked).push_front(listener);
}

/// Has the loop find the listener.
pub fn add(listener: &Listener) {
    listeners(listener.event_loop()).push_front(listener);
}

pub fn remove(listener: &Listener) {
    listeners(listener.event_loop()).remove(listener);
}

/// A listener with waiting clients, and the reference that keeps it.
pub struct WithBacklog {
    listener: NonNull<Listener>,
    pub server: Kept<Server>,
}

impl WithBacklog {
    pub fn listener(&self) -> &Listener {
        // SAFETY: the listener is a part of its server, which is kept.
        unsafe { self.listener.as_ref() }
    }
}

/// The first listener of a loop with waiting clients.
pub fn first_with_backlog(l: &Loop) -> Option<WithBacklog> {
    let look = Look(());
    let listener = listeners(l).iter(&look).find(|one| !one.backlog.is_empty())?;
    Some(WithBacklog { listener: listener.into(), server: listener.server().keep()? })
}

/// Adds the listeners that are to be added to the loop.
pub fn arrive_all(l: &Loop) {
    let look = Look(());
    let arriving = arriving(&l.lock()).take();
    while let Some(listener) = arriving.pop_front(&look) {
        drop(listener.arrive());
    }
}

impl Loop {
    /// Lets listeners that have backed off try again.
    pub fn end_back_off(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            if listener.waits.get() == Wait::BackOff {
                listener.wait(Wait::No);
                listener.refresh();
            }
        }
    }

    /// Resumes listeners for which there is room again.
    pub(super) fn resume_full_listeners(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            if listener.waits.get() == Wait::Room {
                listener.wait_for_room();
            }
        }
    }

    /// Closes the listeners of servers that accept no more clients.
    pub(super) fn close_ending_listeners(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            match listener.shared().life.phase() {
                Phase::New | Phase::Running => {}
                // The server's thread is about to take those who wait.
                Phase::Stopping if !listener.backlog.is_taken() => {}
                _ => drop(listener.end()),
            }
        }
    }

    /// Closes all listeners of a loop that is ending.
    pub(super) fn close_listeners(&self) {
        while let Some(listener) = listeners(self).first(&Look(())) {
            listener.close();
            listener.drop_backlog();
            drop(listener.take_server());
        }
    }
}
