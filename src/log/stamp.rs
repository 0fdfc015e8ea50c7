//! The time before each line, where the program wants it: `2026-11-30T08:49:37.123456Z` (RFC 3339), in UTC. The C
//! library's own conversions read the time zone and free memory, which a thread that runs callbacks must not do.

#![forbid(unsafe_code)]

use crate::sys::clock;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);

/// With the space behind it.
const LENGTH: usize = 28;

/// Sets whether lines on the standard streams begin with the time.
pub fn set(on: bool) {
    ON.store(on, Relaxed);
}

/// Calls `write` with what stands before a line.
pub fn before(write: impl FnOnce(&[u8])) {
    if ON.load(Relaxed) { write(&text(clock::wall_us())) } else { write(&[]) }
}

/// The time, given in microseconds since 1970-01-01 in UTC.
fn text(us: i64) -> [u8; LENGTH] {
    let second = us.div_euclid(1_000_000);
    let (days, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (year, month, day) = clock::civil(days);
    let mut out = *b"0000-00-00T00:00:00.000000Z ";
    let fields = [
        (0, 4, year),
        (5, 2, month + 1),
        (8, 2, day),
        (11, 2, time / 3600),
        (14, 2, time / 60 % 60),
        (17, 2, time % 60),
        (20, 6, us.rem_euclid(1_000_000)),
    ];
    for (at, digits, number) in fields {
        let mut left = number;
        for place in out[at..at + digits].iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(&text(0), b"1970-01-01T00:00:00.000000Z ");
        assert_eq!(&text(784_111_777_123_456), b"1994-11-06T08:49:37.123456Z ");
        assert_eq!(&text(951_825_600_000_007), b"2000-02-29T12:00:00.000007Z ");
    }
}
