//! Whether a connection's channel is on its loop, and whether reading is deferred.

#![forbid(unsafe_code)]

use std::cell::Cell;

#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Watched {
    /// The channel isn't on the loop: it wasn't added yet, or the program has removed it.
    #[default]
    Not,
    Yes,
    /// Reading is deferred while output waits.
    Deferred,
    /// A turn of reading is allowed although output waits.
    ForATurn,
}

/// The state of the channel on its loop. The registration tells the back end whether reading is `Deferred`. All
/// zeroes: the channel isn't on the loop.
#[derive(Default)]
pub struct Watch(Cell<Watched>);

impl Watch {
    /// The channel was added to the loop, or removed from it.
    pub fn set(&self, on: bool) {
        self.0.set(if on { Watched::Yes } else { Watched::Not });
    }

    /// Whether the channel is on the loop.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.0.get() != Watched::Not
    }

    /// Whether reading is deferred.
    #[inline(always)]
    pub fn is_deferred(&self) -> bool {
        self.0.get() == Watched::Deferred
    }

    /// Defers reading. False if it is already deferred, if a turn of reading is allowed, or if the channel isn't on the
    /// loop.
    pub fn defer(&self) -> bool {
        self.step(Watched::Yes, Watched::Deferred)
    }

    /// Allows a turn of reading after the deferral. False if reading isn't deferred.
    pub fn grant_turn(&self) -> bool {
        self.step(Watched::Deferred, Watched::ForATurn)
    }

    /// Ends a turn of reading. False if it wasn't one that `grant_turn` had allowed.
    #[inline(always)]
    pub fn end_turn(&self) -> bool {
        self.step(Watched::ForATurn, Watched::Yes)
    }

    /// Ends the deferral, because no output waits.
    pub fn stop_deferring(&self) {
        if self.is_on() {
            self.0.set(Watched::Yes);
        }
    }

    #[inline(always)]
    fn step(&self, from: Watched, to: Watched) -> bool {
        let there = self.0.get() == from;
        if there {
            self.0.set(to);
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_deferred_on_the_loop_only() {
        let watch = Watch::default();
        watch.stop_deferring();
        assert!(!watch.is_on() && !watch.defer() && !watch.grant_turn());
        watch.set(true);
        assert!(watch.is_on() && !watch.grant_turn() && !watch.end_turn());
        assert!(watch.defer() && watch.is_deferred() && !watch.defer() && !watch.end_turn());
        assert!(watch.grant_turn() && !watch.is_deferred() && !watch.defer());
        assert!(watch.end_turn() && !watch.end_turn() && watch.defer());
        watch.stop_deferring();
        assert!(!watch.is_deferred() && watch.defer());
        watch.set(false);
        assert!(!watch.is_on() && !watch.is_deferred());
    }
}
