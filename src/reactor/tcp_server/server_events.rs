//! Asking a loop to look at its servers, from any thread, without memory: it can't fail.

use super::Server;
use super::listener::{Listener, arriving};
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

/// Has the loop look in its next pass. Nothing happens once it was freed, as long as its memory is kept.
pub fn call(l: &Loop, why: u8) {
    call_with(l, why, None);
}

/// Brings a listener to its loop, unless that was freed. It keeps its server until it is closed there.
pub fn send(listener: &Listener) {
    listener.keep_server();
    if !call_with(listener.event_loop(), ARRIVING, Some(listener)) {
        drop(listener.take_server());
    }
}

/// False where the loop was freed.
fn call_with(l: &Loop, why: u8, listener: Option<&Listener>) -> bool {
    // The list is written under the mutex, and while that is held the loop isn't taken down.
    let _held = l.lock();
    if l.gone.get() {
        return false;
    }
    if let Some(listener) = listener {
        arriving(l).push_front(listener);
    }
    l.attention.fetch_or(why, Release);
    l.wake_once();
    true
}

impl Server {
    /// Has every loop look that may have something of the server. On its own thread.
    pub(super) fn call_all(&self, why: u8) {
        call(self.home(), why);
        let (own, public) = (self.pool.get(), self.public.threadPool.get());
        let other = if public == own { ptr::null_mut() } else { public };
        for pool in [own, other] {
            // SAFETY: a pool is NULL or live, and its loops live until it is freed on this thread.
            let Some(pool) = (unsafe { Pool::from_nullable(pool) }) else { continue };
            for l in (0..pool.running()).filter_map(|i| pool.loop_at(i)) {
                call(l, why);
            }
        }
    }
}

impl Loop {
    /// Looks at the loop's servers, if it was asked to. Within a pass.
    pub fn attend_servers(&self) {
        if self.attention.load(Relaxed) == 0 {
            return;
        }
        let why = self.attention.swap(0, AcqRel);
        if why & ARRIVING != 0 {
            let held = self.lock();
            let arriving = arriving(self).take();
            drop(held);
            while let Some(listener) = arriving.pop_front(self) {
                drop(listener.arrive());
            }
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
