//! The Date header (RFC 9110, 6.6.1) in the format of RFC 9110, 5.6.7. The C library's conversions read the time
//! zone and free memory, which must not happen on a thread that runs callbacks.

#![forbid(unsafe_code)]

mod parse;

pub use crate::http::wire::date::parse::parse;
use crate::sys::clock::civil;

/// "Sun, 06 Nov 1994 08:49:37 GMT"
pub const LENGTH: usize = 29;

const DAYS: &[u8; 21] = b"SunMonTueWedThuFriSat";
const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// The minimum time in milliseconds between two reads of the clock.
const FRESH_MS: i64 = 50;

/// The current date as text, updated when the second has changed.
pub struct Date {
    asked_ms: i64,
    second: i64,
    text: [u8; LENGTH],
}

impl Date {
    pub fn new() -> Date {
        Date { asked_ms: -FRESH_MS, second: -1, text: [b' '; LENGTH] }
    }

    /// `now_ms` is the time of any monotonic clock. `second` returns the seconds since 1970-01-01 UTC, which must
    /// not be negative.
    pub fn at(&mut self, now_ms: i64, second: impl FnOnce() -> i64) -> &[u8; LENGTH] {
        if now_ms - self.asked_ms >= FRESH_MS {
            self.asked_ms = now_ms;
            let second = second();
            if second != self.second {
                self.second = second;
                self.text = text(second);
            }
        }
        &self.text
    }
}

/// The text of a date.
pub fn text(second: i64) -> [u8; LENGTH] {
    let (days, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    // 1970-01-01 was a Thursday.
    let weekday = (days + 4).rem_euclid(7);
    let mut out = [b' '; LENGTH];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        for &byte in part {
            if let Some(place) = out.get_mut(at) {
                *place = byte;
                at += 1;
            }
        }
    };
    put(three(DAYS, weekday));
    put(b", ");
    put(&two(day));
    put(b" ");
    put(three(MONTHS, month));
    put(b" ");
    put(&two(year / 100));
    put(&two(year % 100));
    put(b" ");
    put(&two(time / 3600));
    put(b":");
    put(&two(time / 60 % 60));
    put(b":");
    put(&two(time % 60));
    put(b" GMT");
    out
}

/// A date as in logs: "[06/Nov/1994:08:49:37 +0000]".
pub fn in_brackets(second: i64) -> [u8; 28] {
    let (days, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let mut out = *b"[dd/mon/yyyy:hh:mm:ss +0000]";
    let mut put = |at: usize, part: &[u8]| {
        for (place, &byte) in out.iter_mut().skip(at).zip(part) {
            *place = byte;
        }
    };
    put(1, &two(day));
    put(4, three(MONTHS, month));
    put(8, &two(year / 100));
    put(10, &two(year % 100));
    put(13, &two(time / 3600));
    put(16, &two(time / 60 % 60));
    put(19, &two(time % 60));
    out
}

fn three(names: &[u8], index: i64) -> &[u8] {
    let at = index as usize * 3;
    names.get(at..at + 3).unwrap_or(b"???")
}

fn two(number: i64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (second, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(std::str::from_utf8(&text(second)), Ok(expected));
        }
    }

    #[test]
    fn dates_in_logs() {
        for (second, expected) in [
            (0, "[01/Jan/1970:00:00:00 +0000]"),
            (784_111_777, "[06/Nov/1994:08:49:37 +0000]"),
            (253_402_300_799, "[31/Dec/9999:23:59:59 +0000]"),
        ] {
            assert_eq!(std::str::from_utf8(&in_brackets(second)), Ok(expected));
        }
    }

    #[test]
    fn one_text_per_second() {
        let mut date = Date::new();
        assert_eq!(date.at(0, || 784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date.at(FRESH_MS - 1, || unreachable!()), b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date.at(FRESH_MS, || 784_111_778), b"Sun, 06 Nov 1994 08:49:38 GMT");
    }
}
