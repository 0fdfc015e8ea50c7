//! How many connections a server has. Any thread.

#![forbid(unsafe_code)]

use super::server_events::{self, ENDED, ROOM};
use super::shared::Shared;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

/// A connection's place among those that may be open.
pub struct Place {
    /// It was counted before the client was there.
    counted: bool,
}

impl Place {
    /// A client has come.
    pub fn keep(self, server: &Shared) {
        if !self.counted {
            server.count();
        }
    }

    /// No client has come.
    pub fn give_back(self, server: &Shared) {
        if self.counted {
            server.left();
        }
    }
}

impl Shared {
    /// One connection more, for which no place was taken.
    pub fn count(&self) {
        self.live.fetch_add(1, SeqCst);
    }

    /// A place for the next client; None when all are taken.
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

    /// Says that a listener waits for room, and whether there is some now. The order matters: `left`
    /// counts first and looks for the notice then, so that one of the two sees the other.
    pub fn has_room_after_notice(&self) -> bool {
        self.full.store(true, SeqCst);
        self.has_room()
    }

    /// Has the listeners that wait look again.
    pub fn room_has_changed(&self) {
        if self.full.swap(false, SeqCst) {
            for listener in self.listeners.all() {
                server_events::call(listener.remote_loop(), ROOM);
            }
        }
    }

    /// A connection has closed.
    pub fn left(&self) {
        let was = self.live.fetch_sub(1, SeqCst);
        self.room_has_changed();
        // As with `full`: who ends a server sets the state first and looks at the count then.
        if was == 1 && self.state.get().is_stopping() {
            server_events::call(self.listeners.own.remote_loop(), ENDED);
        }
    }
}
