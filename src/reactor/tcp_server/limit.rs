//! The number of a server's connections, and its limit. Any thread.

#![forbid(unsafe_code)]

use super::server_events::{self, ENDED, ROOM};
use super::shared::Shared;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

/// A place for a connection within the limit.
pub struct Place {
    /// It was counted before there was a client.
    counted: bool,
}

impl Place {
    /// A client was accepted.
    pub fn keep(self, server: &Shared) {
        if !self.counted {
            server.count();
        }
    }

    /// No client was accepted.
    pub fn give_back(self, server: &Shared) {
        if self.counted {
            server.left();
        }
    }
}

impl Shared {
    /// Counts a connection without checking the limit.
    pub fn count(&self) {
        self.live.fetch_add(1, SeqCst);
    }

    /// A place for the next client. None if the limit is reached.
    pub fn take_place(&self) -> Option<Place> {
        let max = i64::from(self.max.load(Relaxed));
        if max == 0 {
            return Some(Place { counted: false });
        }
        let more = |live: i64| (live < max).then_some(live + 1);
        let counted = self.live.fetch_update(SeqCst, SeqCst, more).is_ok();
        counted.then_some(Place { counted })
    }

    fn has_room(&self) -> bool {
        let max = i64::from(self.max.load(SeqCst));
        max == 0 || self.live.load(SeqCst) < max
    }

    /// Records that a listener waits for room, and returns whether there is some. The order matters: `left`
    /// decrements the count before it checks the record, so one of the two sees the other.
    pub fn has_room_after_notice(&self) -> bool {
        self.full.store(true, SeqCst);
        self.has_room()
    }

    /// Makes the waiting listeners check again.
    pub fn room_has_changed(&self) {
        if self.full.swap(false, SeqCst) {
            for listener in self.listeners.all() {
                server_events::notify(listener.remote_loop(), ROOM);
            }
        }
    }

    /// A connection has closed.
    pub fn left(&self) {
        let was = self.live.fetch_sub(1, SeqCst);
        self.room_has_changed();
        // As with `full`: a thread that ends a server sets the phase before it checks the count.
        if was == 1 && self.life.phase().is_stopping() {
            server_events::notify(self.listeners.own.remote_loop(), ENDED);
        }
    }
}
