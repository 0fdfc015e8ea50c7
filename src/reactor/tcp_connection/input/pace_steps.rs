//! How the pace of reading depends on the time that callbacks take.
#![forbid(unsafe_code)]

/// A callback that takes at least this many milliseconds is slow. The next reads are then sized so that their
/// callbacks take about `GOOD_MS`. After a callback that takes at most `FAST_MS`, reads may grow.
pub const SLOW_MS: u64 = 40;
const GOOD_MS: u64 = 20;
const FAST_MS: u64 = 4;
const LEAST: u64 = 512;
/// The maximum size of a read.
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
    /// Smaller reads didn't make the callbacks faster, so reads aren't limited.
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

/// The size of a read whose callback takes about `GOOD_MS`, if the time depends on the size.
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
    fn a_slow_callback_per_byte_limits_reads() {
        let (pace, last) = run(|bytes| 2000 * bytes / FULL, 10);
        assert!(matches!(pace, Pace::Limited { .. }) && last < SLOW_MS);
    }

    #[test]
    fn a_slow_callback_for_any_size_limits_nothing() {
        for ms in [40, 50, 1000] {
            assert_eq!(run(|_| ms, 20).0, Pace::Fixed);
        }
    }

    #[test]
    fn a_fast_callback_gets_full_reads() {
        assert_eq!(run(|_| 5, 20).0, Pace::Full);
        let mut pace = Pace::Full.after(FULL, 4000);
        for _ in 0..8 {
            pace = pace.after(512, 0);
        }
        assert_eq!(pace, Pace::Full);
    }
}
