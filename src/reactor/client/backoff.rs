//! The time that a client waits before it tries again.

use crate::sys::clock::now_ms;
use libc::c_void;
use std::cell::Cell;

/// Waits that double from `min` to `max` milliseconds, with jitter: each takes a random time between half of its
/// length and all of it, so that clients that lost the same server don't reconnect all at once.
pub struct Backoff {
    /// 0: the client doesn't try again.
    min: Cell<i64>,
    max: Cell<i64>,
    /// The maximum of the next wait.
    wait: Cell<i64>,
    random: Cell<u64>,
}

impl Backoff {
    /// Turned off. The seed is from the kernel, or from the clock if the kernel has none yet.
    pub fn new() -> Self {
        let mut seed = 0u64;
        // SAFETY: getrandom(2) writes at most the eight bytes of `seed`.
        let n = unsafe {
            let at = (&raw mut seed).cast::<c_void>();
            libc::getrandom(at, size_of::<u64>(), libc::GRND_NONBLOCK)
        };
        if n != size_of::<u64>() as isize {
            seed = now_ms() as u64;
        }
        Self::seeded(seed)
    }

    fn seeded(seed: u64) -> Self {
        // A state of 0 would generate only zeroes.
        let random = Cell::new(seed | 1);
        Backoff { min: Cell::new(0), max: Cell::new(0), wait: Cell::new(0), random }
    }

    pub fn set(&self, min: i64, max: i64) {
        self.min.set(min);
        self.max.set(max);
        self.reset();
    }

    pub fn is_on(&self) -> bool {
        self.min.get() > 0
    }

    /// The maximum of the next wait, in milliseconds.
    pub fn longest(&self) -> i64 {
        self.wait.get()
    }

    /// Makes the next wait one of the shortest.
    pub fn reset(&self) {
        self.wait.set(self.min.get());
    }

    /// A wait with jitter. The one after it can be twice as long.
    pub fn next(&self) -> i64 {
        let wait = self.wait.get();
        let half = wait / 2;
        let jittered = wait - half + (self.random() % (half as u64 + 1)) as i64;
        self.wait.set(wait.saturating_mul(2).min(self.max.get()));
        jittered
    }

    /// xorshift64* (Vigna, 2016): good enough for distributing clients, not for secrets.
    fn random(&self) -> u64 {
        let mut random = self.random.get();
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        self.random.set(random);
        random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_again() {
        let backoff = Backoff::new();
        backoff.set(100, 1000);
        for longest in [100, 200, 400, 800, 1000, 1000, 1000] {
            assert_eq!(backoff.longest(), longest);
            let wait = backoff.next();
            assert!((longest / 2..=longest).contains(&wait), "{wait} of {longest}");
        }
        backoff.reset();
        assert!((50..=100).contains(&backoff.next()));
    }

    #[test]
    fn every_wait_of_the_upper_half_occurs() {
        let mut seen = [0; 11];
        let backoff = Backoff::seeded(0);
        backoff.set(10, 10);
        for _ in 0..600 {
            seen[backoff.next() as usize] += 1;
        }
        assert_eq!(seen[..5], [0; 5]);
        assert!(seen[5..].iter().all(|&n| n > 50), "{seen:?}");
    }

    #[test]
    fn two_clients_wait_differently() {
        let waits = |one: Backoff| {
            one.set(1_000_000, i64::MAX);
            [one.next(), one.next(), one.next(), one.next()]
        };
        assert_ne!(waits(Backoff::new()), waits(Backoff::new()));
    }

    #[test]
    fn the_ends_of_the_range() {
        let backoff = Backoff::new();
        backoff.set(1, 1);
        assert!((0..100).all(|_| backoff.next() == 1));
        backoff.set(i64::MAX, i64::MAX);
        assert!((0..100).all(|_| backoff.next() >= i64::MAX / 2));
    }
}
