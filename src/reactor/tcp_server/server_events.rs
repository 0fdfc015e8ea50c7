//! Requests to a loop to check its servers, from any thread. They need no memory, so they can't fail.

use super::Server;
use super::listener::Listener;
use super::loop_listeners;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::shared::Accepts;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::threads::thread_pool::Pool;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

/// There may be room for more connections.
pub const ROOM: u8 = 1;
/// A server is ending, and with it its listeners and connections on the loop.
pub const ENDING: u8 = 2;
/// The last connection of an ending server has closed.
pub const ENDED: u8 = 4;
/// A listener is to be added to the loop.
const ARRIVING: u8 = 8;

/// Makes the loop check in its next iteration. Does nothing after the loop was freed; its memory is kept.
pub fn notify(l: &RemoteLoop, why: u8) {
    notify_with(l, why, None);
}

/// Adds a listener to its loop, unless that was freed. The listener keeps its server until it is closed there.
pub fn add_listener(listener: &Listener) {
    if !listener.keep_server() {
        return;
    }
    if !notify_with(listener.remote_loop(), ARRIVING, Some(listener)) {
        drop(listener.take_server());
    }
}

/// False if the loop was freed.
fn notify_with(l: &RemoteLoop, why: u8, listener: Option<&Listener>) -> bool {
    // The list is protected by the mutex, and the loop isn't freed while that is locked.
    let locked = l.lock();
    if locked.accepts.get() == Accepts::Nothing {
        return false;
    }
    if let Some(listener) = listener {
        loop_listeners::add_arriving(&locked, listener);
    }
    l.server_events.fetch_or(why, Release);
    l.wake_once();
    true
}

impl Server {
    /// Makes all loops check that may have something of the server. On the server's own thread.
    pub(super) fn notify_all(&self, why: u8) {
        notify(self.home(), why);
        // SAFETY: NULL or the server's own pool, which is freed on this thread.
        let own = unsafe { Pool::from_nullable(self.pool.get()) };
        let others = self.threads().filter(|&pool| own.is_none_or(|own| !ptr::eq(own, pool)));
        for pool in own.into_iter().chain(others) {
            for l in (0..pool.running()).filter_map(|i| pool.loop_at(i)) {
                notify(l, why);
            }
        }
    }
}

impl Loop {
    /// Checks the loop's servers, if that was requested. Within an iteration.
    pub fn attend_servers(&self) {
        if self.shared.server_events.load(Relaxed) == 0 {
            return;
        }
        let why = self.shared.server_events.swap(0, AcqRel);
        if why & ARRIVING != 0 {
            loop_listeners::arrive_all(self);
        }
        if why & ROOM != 0 {
            self.resume_full_listeners();
        }
        if why & ENDING != 0 {
            self.close_ending_listeners();
            self.serve_backlogs();
            self.drain();
        }
        if why & ENDED != 0 {
            self.finish_stops();
        }
    }
}
