//! Asking a loop to look at its servers, from any thread, without memory: it can't fail.

use super::Server;
use super::listener::Listener;
use super::listeners;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::threads::thread_pool::Pool;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

/// There may be room for more connections.
pub const ROOM: u8 = 1;
/// A server is ending, and with it its listeners and connections on the loop.
pub const ENDING: u8 = 2;
/// The last connection of a server that is ending has closed.
pub const ENDED: u8 = 4;
/// A listener is to come to the loop.
const ARRIVING: u8 = 8;

/// Has the loop look in its next iteration. Nothing happens once it was freed; its memory is kept.
pub fn call(l: &RemoteLoop, why: u8) {
    call_with(l, why, None);
}

/// Brings a listener to its loop, unless that was freed. It keeps its server until it is closed there.
pub fn send(listener: &Listener) {
    if !listener.keep_server() {
        return;
    }
    if !call_with(listener.remote_loop(), ARRIVING, Some(listener)) {
        drop(listener.take_server());
    }
}

/// False where the loop was freed.
fn call_with(l: &RemoteLoop, why: u8, listener: Option<&Listener>) -> bool {
    // The list is written under the mutex, and while that is held the loop isn't taken down.
    let locked = l.lock();
    if locked.gone.get() {
        return false;
    }
    if let Some(listener) = listener {
        listeners::send(&locked, listener);
    }
    l.server_events.fetch_or(why, Release);
    l.wake_once();
    true
}

impl Server {
    /// Has every loop look that may have something of the server. On its own thread.
    pub(super) fn call_all(&self, why: u8) {
        call(self.home(), why);
        // SAFETY: NULL or the server's own pool, which is freed on this thread.
        let own = unsafe { Pool::from_nullable(self.pool.get()) };
        let others = self.threads().filter(|&pool| own.is_none_or(|own| !ptr::eq(own, pool)));
        for pool in own.into_iter().chain(others) {
            for l in (0..pool.running()).filter_map(|i| pool.loop_at(i)) {
                call(l, why);
            }
        }
    }
}

impl Loop {
    /// Looks at the loop's servers, if it was asked to. Within an iteration.
    pub fn attend_servers(&self) {
        if self.shared.server_events.load(Relaxed) == 0 {
            return;
        }
        let why = self.shared.server_events.swap(0, AcqRel);
        if why & ARRIVING != 0 {
            listeners::arrive_all(self);
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
