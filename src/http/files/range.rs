//! The header Range (RFC 9110, 14).
#![forbid(unsafe_code)]

use crate::http::wire::scan::members;

/// The part of a file that is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of it: no range was requested, or several, or the value is invalid, which RFC 9110, 14.2, lets a
    /// server ignore.
    All,
    /// At least one byte, from an offset.
    Some { at: u64, length: u64 },
    /// There are no bytes at the requested place.
    Nowhere,
}

/// The part of a file of `size` bytes that the value of a Range header selects.
pub fn part(value: &[u8], size: u64) -> Part {
    let unit = b"bytes=";
    match value.split_at_checked(unit.len()) {
        Some((name, set)) if name.eq_ignore_ascii_case(unit) => {
            let mut ranges = members(set);
            match (ranges.next(), ranges.next()) {
                (Some(range), None) => one(range, size).unwrap_or(Part::All),
                _ => Part::All,
            }
        }
        _ => Part::All,
    }
}

/// "FIRST-LAST", "FIRST-", "-LENGTH"; None for anything else.
fn one(range: &[u8], size: u64) -> Option<Part> {
    let dash = range.iter().position(|&b| b == b'-')?;
    let (first, last) = (range.get(..dash)?, range.get(dash + 1..)?);
    if first.is_empty() {
        let length = number(last)?.min(size);
        return Some(match (length, size) {
            // An empty file satisfies the range, but has no part that a response could name.
            (_, 0) if number(last)? > 0 => Part::All,
            (0, _) => Part::Nowhere,
            _ => Part::Some { at: size - length, length },
        });
    }
    let at = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < at {
        return None;
    }
    if at >= size {
        return Some(Part::Nowhere);
    }
    Some(Part::Some { at, length: last.min(size - 1) - at + 1 })
}

/// The number of some digits, limited to the largest u64.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(value.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (value, size, expected) in [
            ("bytes=0-0", 10, Part::Some { at: 0, length: 1 }),
            ("bytes=0-9", 10, Part::Some { at: 0, length: 10 }),
            ("bytes=0-10", 10, Part::Some { at: 0, length: 10 }),
            ("bytes=9-", 10, Part::Some { at: 9, length: 1 }),
            ("bytes=10-", 10, Part::Nowhere),
            ("bytes=10-11", 10, Part::Nowhere),
            ("bytes=-1", 10, Part::Some { at: 9, length: 1 }),
            ("bytes=-10", 10, Part::Some { at: 0, length: 10 }),
            ("bytes=-11", 10, Part::Some { at: 0, length: 10 }),
            ("bytes=-0", 10, Part::Nowhere),
            ("bytes=-0", 0, Part::Nowhere),
            ("bytes=-1", 0, Part::All),
            ("bytes=0-", 0, Part::Nowhere),
            ("BYTES= 1-2 ,", 10, Part::Some { at: 1, length: 2 }),
            ("bytes=1-99999999999999999999999", 10, Part::Some { at: 1, length: 9 }),
            ("bytes=99999999999999999999999-", 10, Part::Nowhere),
            ("bytes=99999999999999999999998-99999999999999999999999", 10, Part::Nowhere),
            ("bytes=-99999999999999999999999", 10, Part::Some { at: 0, length: 10 }),
            ("bytes=0-18446744073709551615", u64::MAX, Part::Some { at: 0, length: u64::MAX }),
        ] {
            assert_eq!(part(value.as_bytes(), size), expected, "{value} of {size}");
        }
    }

    #[test]
    fn what_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=2-1",
            "bytes=0-1,3-4",
            "bytes=0-0,-1",
            "bytes=0-1-2",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=1-2;",
            "bytes=1 -2",
            "bytes =0-1",
            "byte=0-1",
            "items=0-1",
            "0-1",
            "bytes:0-1",
            "bytes=0x1-2",
            "bytes=1-2a",
        ] {
            assert_eq!(part(value.as_bytes(), 10), Part::All, "{value}");
        }
    }
}
