//! The listeners of a loop, and those on their way to it. Only functions of this file look through them.

use super::Server;
use super::life::Life;
use super::listener::{Listener, Wait};
use crate::reactor::event_loop::shared::Locked;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use crate::reactor::list::{Keeps, List, places};
use std::ptr::NonNull;

/// A look at the lists. Only functions of this file take one.
struct Look(());

// SAFETY: a listener leaves the list as it closes, on the list's thread. Until then it has its server, or keeps it. No
// function of this file lets a server go before it has the next listener, or begins the list anew.
unsafe impl Keeps<Listener> for Look {}

places! {
    /// On the way to a loop, and then on the loop.
    enum OfLoop: List<Listener> by link, kept by Look, in listeners;
}

/// Those that are on their way to a loop: under its mutex.
fn arriving<'a>(locked: &'a Locked) -> &'a List<OfLoop> {
    // SAFETY: only this function hands out the head.
    unsafe { List::from_head(&locked.arriving) }
}

/// Sends a listener on its way; its server stays until `arrive_all` has seen it.
pub fn send(locked: &Locked, listener: &Listener) {
    arriving(locked).push_front(listener);
}

/// Has the loop find the listener.
pub fn add(listener: &Listener) {
    listeners(listener.event_loop()).push_front(listener);
}

pub fn remove(listener: &Listener) {
    listeners(listener.event_loop()).remove(listener);
}

/// A listener with clients that wait, and what keeps it.
pub struct Waiting {
    listener: NonNull<Listener>,
    pub server: Kept<Server>,
}

impl Waiting {
    pub fn listener(&self) -> &Listener {
        // SAFETY: a listener is a part of its server, which is kept.
        unsafe { self.listener.as_ref() }
    }
}

/// The first listener of a loop that has clients waiting.
pub fn first_with_backlog(l: &Loop) -> Option<Waiting> {
    let look = Look(());
    let listener = listeners(l).iter(&look).find(|one| !one.backlog.is_empty())?;
    Some(Waiting { listener: listener.into(), server: listener.server().keep()? })
}

/// Takes in the listeners that are on their way.
pub fn arrive_all(l: &Loop) {
    let look = Look(());
    let arriving = arriving(&l.lock()).take();
    while let Some(listener) = arriving.pop_front(&look) {
        drop(listener.arrive());
    }
}

impl Loop {
    /// Lets listeners that backed off try again.
    pub fn end_back_off(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            if listener.waits.get() == Wait::BackOff {
                listener.wait(Wait::No);
                listener.refresh();
            }
        }
    }

    /// Lets listeners go on for which there is room again.
    pub(super) fn resume_full_listeners(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            if listener.waits.get() == Wait::Room {
                listener.wait_for_room();
            }
        }
    }

    /// Closes the listeners of servers that accept no more.
    pub(super) fn close_ending_listeners(&self) {
        let look = Look(());
        for listener in listeners(self).iter(&look) {
            match listener.shared().state.get() {
                Life::New | Life::Running => {}
                // The server's thread is about to take those who wait.
                Life::Stopping if !listener.backlog.is_taken() => {}
                _ => drop(listener.end()),
            }
        }
    }

    /// Closes all listeners of a loop that ends.
    pub(super) fn close_listeners(&self) {
        while let Some(listener) = listeners(self).first(&Look(())) {
            listener.close();
            listener.drop_backlog();
            drop(listener.take_server());
        }
    }
}
