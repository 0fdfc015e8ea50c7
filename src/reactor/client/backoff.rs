//! How long a client waits before it tries again.

use crate::reactor::event_loop::iteration;
use libc::c_void;

/// Waits that double from `min` to `max` milliseconds. Each is drawn from its upper half, so that
/// clients which lost the same server don't come back all at once.
pub struct Backoff {
    /// 0: the client doesn't try again.
    pub min: i64,
    pub max: i64,
    /// The longest that the next wait can be.
    pub wait: i64,
    random: u64,
}

impl Backoff {
    /// Off. The seed is the kernel's; the clock's where that has none to give yet.
    pub fn new() -> Self {
        let mut seed = 0u64;
        // SAFETY: getrandom(2) writes at most the eight bytes of `seed`.
        let n = unsafe {
            let at = (&raw mut seed).cast::<c_void>();
            libc::getrandom(at, size_of::<u64>(), libc::GRND_NONBLOCK)
        };
        if n != size_of::<u64>() as isize {
            seed = iteration::now_ms() as u64;
        }
        Self::seeded(seed)
    }

    fn seeded(seed: u64) -> Self {
        // The generator stays at 0 for ever once it is there.
        Backoff { min: 0, max: 0, wait: 0, random: seed | 1 }
    }

    pub fn set(&mut self, min: i64, max: i64) {
        (self.min, self.max) = (min, max);
        self.reset();
    }

    /// The next wait is one of the shortest again.
    pub fn reset(&mut self) {
        self.wait = self.min;
    }

    /// Draws a wait, and doubles what the one after it can be.
    pub fn next(&mut self) -> i64 {
        let half = self.wait / 2;
        let drawn = self.wait - half + (self.draw() % (half as u64 + 1)) as i64;
        self.wait = self.wait.saturating_mul(2).min(self.max);
        drawn
    }

    /// xorshift64* (Vigna, 2016): good enough to spread clients, no secret.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_again() {
        let mut backoff = Backoff::new();
        backoff.set(100, 1000);
        for longest in [100, 200, 400, 800, 1000, 1000, 1000] {
            assert_eq!(backoff.wait, longest);
            let wait = backoff.next();
            assert!((longest / 2..=longest).contains(&wait), "{wait} of {longest}");
        }
        backoff.reset();
        assert!((50..=100).contains(&backoff.next()));
    }

    #[test]
    fn every_wait_of_the_upper_half_is_drawn() {
        let mut seen = [0; 11];
        let mut backoff = Backoff::seeded(0);
        backoff.set(10, 10);
        for _ in 0..600 {
            seen[backoff.next() as usize] += 1;
        }
        assert_eq!(seen[..5], [0; 5]);
        assert!(seen[5..].iter().all(|&n| n > 50), "{seen:?}");
    }

    #[test]
    fn two_clients_draw_differently() {
        let draws = |mut one: Backoff| {
            one.set(1_000_000, i64::MAX);
            [one.next(), one.next(), one.next(), one.next()]
        };
        assert_ne!(draws(Backoff::new()), draws(Backoff::new()));
    }

    #[test]
    fn the_ends_of_the_range() {
        let mut backoff = Backoff::new();
        backoff.set(1, 1);
        assert!((0..100).all(|_| backoff.next() == 1));
        backoff.set(i64::MAX, i64::MAX);
        assert!((0..100).all(|_| backoff.next() >= i64::MAX / 2));
    }
}
