//! How the pace of reading depends on the time that callbacks take.
#![forbid(unsafe_code)]

/// A callback that takes this many milliseconds is slow, and the next ones should take `GOOD_MS`. After one of
/// `FAST_MS` reads may grow.
pub const SLOW_MS: u64 = 40;
const GOOD_MS: u64 = 20;
const FAST_MS: u64 = 4;
const LEAST: u64 = 512;
/// The maximum of one read.
pub const FULL: u64 = 65_536;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    Full,
    /// At most `limit` bytes, because a callback took `ms` for `bytes`.
    Limited {
        limit: u64,
        bytes: u64,
        ms: u64,
    },
    /// Smaller reads took as long.
    Fixed,
}

impl Pace {
    /// The pace after a callback that took `ms` for a read of `bytes`.
    pub fn after(self, bytes: u64, ms: u64) -> Pace {
        let slow = ms >= SLOW_MS;
        match self {
            Pace::Full if slow => Pace::Limited { limit: fitting(bytes, ms), bytes, ms },
            Pace::Limited { bytes: most, ms: longest, .. } if slow => {
                if bytes <= most / 2 && ms > longest / 4 * 3 {
                    return Pace::Fixed;
                }
                Pace::Limited { limit: fitting(bytes, ms), bytes: most, ms: longest }
            }
            Pace::Limited { limit, .. } if ms <= FAST_MS && limit * 2 >= FULL => Pace::Full,
            Pace::Limited { limit, bytes, ms: longest } if ms <= FAST_MS => {
                Pace::Limited { limit: limit * 2, bytes, ms: longest }
            }
            _ => self,
        }
    }
}

fn fitting(bytes: u64, ms: u64) -> u64 {
    (bytes * GOOD_MS / ms).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cost: impl Fn(u64) -> u64, reads: usize) -> (Pace, u64) {
        let mut pace = Pace::Full;
        let mut last = 0;
        for _ in 0..reads {
            let bytes = if let Pace::Limited { limit, .. } = pace { limit } else { FULL };
            last = cost(bytes);
            pace = pace.after(bytes, last);
        }
        (pace, last)
    }

    #[test]
    fn what_takes_long_by_the_byte_gets_less() {
        let (pace, last) = run(|bytes| 2000 * bytes / FULL, 10);
        assert!(matches!(pace, Pace::Limited { .. }) && last < SLOW_MS);
    }

    #[test]
    fn what_takes_long_for_anything_gets_all() {
        for ms in [40, 50, 1000] {
            assert_eq!(run(|_| ms, 20).0, Pace::Fixed);
        }
    }

    #[test]
    fn what_is_quick_gets_all() {
        assert_eq!(run(|_| 5, 20).0, Pace::Full);
        let mut pace = Pace::Full.after(FULL, 4000);
        for _ in 0..8 {
            pace = pace.after(512, 0);
        }
        assert_eq!(pace, Pace::Full);
    }
}
