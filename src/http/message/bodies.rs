//! The limit on the bytes of request bodies that a server holds at the same time, in all its connections and
//! threads.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The default limit. It always has room for one body of the maximum length.
const DEFAULT: usize = 256 << 20;

pub struct Bodies {
    most: AtomicUsize,
    /// The program has set the limit.
    is_set: AtomicBool,
    held: AtomicUsize,
}

impl Bodies {
    pub const fn new() -> Bodies {
        Bodies {
            most: AtomicUsize::new(DEFAULT),
            is_set: AtomicBool::new(false),
            held: AtomicUsize::new(0),
        }
    }

    /// Sets the limit; 0 restores the default, with room for one body of `longest` bytes.
    pub fn set_most(&self, most: usize, longest: usize) {
        self.is_set.store(most > 0, Relaxed);
        self.most.store(most, Relaxed);
        self.suit(longest);
    }

    /// The maximum length of a body has changed.
    pub fn suit(&self, longest: usize) {
        if !self.is_set.load(Relaxed) {
            self.most.store(DEFAULT.max(longest), Relaxed);
        }
    }

    pub fn most(&self) -> usize {
        self.most.load(Relaxed)
    }

    /// Whether this many additional bytes would fit at the moment.
    pub fn has_room_for(&self, bytes: u64) -> bool {
        let room = self.most().saturating_sub(self.held.load(Relaxed));
        bytes <= room as u64
    }

    /// Counts bytes. If the limit doesn't allow that, returns false and counts nothing.
    pub fn add(&self, bytes: usize) -> bool {
        let most = self.most();
        let grown = |held: usize| held.checked_add(bytes).filter(|&held| held <= most);
        self.held.fetch_update(Relaxed, Relaxed, grown).is_ok()
    }

    /// Subtracts bytes that `add` counted.
    pub fn remove(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let bodies = Bodies::new();
        bodies.set_most(100, 1000);
        assert!(bodies.has_room_for(100) && !bodies.has_room_for(101));
        assert!(bodies.add(60) && bodies.add(40) && !bodies.add(1));
        bodies.remove(60);
        assert!(!bodies.has_room_for(u64::MAX) && !bodies.add(61) && !bodies.add(usize::MAX));
        assert!(bodies.add(60));
        bodies.set_most(50, 1000);
        assert!(!bodies.has_room_for(1) && bodies.has_room_for(0));
    }

    #[test]
    fn one_body_fits() {
        let bodies = Bodies::new();
        assert_eq!(bodies.most(), DEFAULT);
        bodies.suit(DEFAULT + 1);
        assert_eq!(bodies.most(), DEFAULT + 1);
        bodies.set_most(7, 10);
        bodies.suit(20);
        assert_eq!(bodies.most(), 7);
        bodies.set_most(0, 20);
        assert_eq!(bodies.most(), DEFAULT);
    }
}
