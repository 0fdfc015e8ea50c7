//! Whether the loop watches a connection, and whether it leaves reading out.

#![forbid(unsafe_code)]

use std::cell::Cell;

#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Watched {
    /// The channel isn't on the loop: not yet, or the program took it off.
    #[default]
    Not,
    Yes,
    /// Reading is put off while output waits.
    Held,
    /// A turn of reading is allowed although output waits.
    ForATurn,
}

/// The connection's place on its loop. The registration there carries `Held` for the back end. All zeroes: none.
#[derive(Default)]
pub struct Watch(Cell<Watched>);

impl Watch {
    /// The channel has come to the loop, or has left it.
    pub fn set(&self, on: bool) {
        self.0.set(if on { Watched::Yes } else { Watched::Not });
    }

    /// Whether the channel is on the loop.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.0.get() != Watched::Not
    }

    /// Whether reading is put off.
    #[inline(always)]
    pub fn is_held(&self) -> bool {
        self.0.get() == Watched::Held
    }

    /// Reading is put off. False where it was before, where a turn of it is due, and off the loop.
    pub fn hold(&self) -> bool {
        self.step(Watched::Yes, Watched::Held)
    }

    /// It has been put off long enough: a turn of reading is due. False where it isn't put off.
    pub fn grant_turn(&self) -> bool {
        self.step(Watched::Held, Watched::ForATurn)
    }

    /// A turn of reading is over. False where it wasn't such a turn.
    #[inline(always)]
    pub fn end_turn(&self) -> bool {
        self.step(Watched::ForATurn, Watched::Yes)
    }

    /// Output waits no longer: nothing keeps reading back.
    pub fn release(&self) {
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
    fn reading_is_held_on_the_loop_only() {
        let watch = Watch::default();
        watch.release();
        assert!(!watch.is_on() && !watch.hold() && !watch.grant_turn());
        watch.set(true);
        assert!(watch.is_on() && !watch.grant_turn() && !watch.end_turn());
        assert!(watch.hold() && watch.is_held() && !watch.hold() && !watch.end_turn());
        assert!(watch.grant_turn() && !watch.is_held() && !watch.hold());
        assert!(watch.end_turn() && !watch.end_turn() && watch.hold());
        watch.release();
        assert!(!watch.is_held() && watch.hold());
        watch.set(false);
        assert!(!watch.is_on() && !watch.is_held());
    }
}
