//! Where a frame ends in a stream: lines, lengths before the bytes, or always the same size.

#![forbid(unsafe_code)]

use crate::abi::types::{
    YOLANDA_FRAMES_CRLF, YOLANDA_FRAMES_FIXED, YOLANDA_FRAMES_LENGTH, YOLANDA_FRAMES_LENGTH_LE,
    YOLANDA_FRAMES_LINES,
};
use libc::c_int;

/// For limits that the program leaves at 0.
const LIMIT: usize = 64 << 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// Up to a newline; a carriage return before it belongs to the end of the line, too.
    Lines {
        limit: usize,
    },
    /// Up to a carriage return with a newline behind it.
    Crlf {
        limit: usize,
    },
    /// As many bytes as the first `prefix` bytes say.
    Length {
        prefix: usize,
        little: bool,
        limit: usize,
    },
    Fixed {
        size: usize,
    },
}

/// What the first bytes of the input are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// A frame of `len` bytes behind `start` bytes of a prefix; `whole` bytes with its end.
    Frame { start: usize, len: usize, whole: usize },
    /// The beginning of a frame.
    Part,
    /// A frame over the limit.
    TooLong,
}

impl Framing {
    /// As a program describes it. None where that makes no sense.
    pub fn of(kind: c_int, prefix: c_int, limit: usize) -> Option<Framing> {
        let sized = if limit == 0 { LIMIT } else { limit };
        let length = |little| {
            let prefix = usize::try_from(prefix).ok().filter(|n| matches!(n, 1 | 2 | 4 | 8))?;
            Some(Framing::Length { prefix, little, limit: sized })
        };
        match kind {
            YOLANDA_FRAMES_LINES => Some(Framing::Lines { limit: sized }),
            YOLANDA_FRAMES_CRLF => Some(Framing::Crlf { limit: sized }),
            YOLANDA_FRAMES_LENGTH => length(false),
            YOLANDA_FRAMES_LENGTH_LE => length(true),
            YOLANDA_FRAMES_FIXED if limit > 0 => Some(Framing::Fixed { size: limit }),
            _ => None,
        }
    }

    /// Looks for the first frame.
    pub fn next(self, bytes: &[u8]) -> Next {
        match self {
            Framing::Lines { limit } => {
                line(bytes, limit, bytes.iter().position(|&byte| byte == b'\n'), |end| {
                    let has_return = end > 0 && bytes[end - 1] == b'\r';
                    (end - usize::from(has_return), end + 1)
                })
            }
            Framing::Crlf { limit } => {
                line(bytes, limit, bytes.windows(2).position(|two| two == b"\r\n"), |end| {
                    (end, end + 2)
                })
            }
            Framing::Length { prefix, little, limit } => {
                let Some(head) = bytes.get(..prefix) else { return Next::Part };
                let add = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
                let len =
                    if little { head.iter().rev().fold(0, add) } else { head.iter().fold(0, add) };
                match usize::try_from(len) {
                    Ok(len) if len <= limit => frame(bytes, prefix, len),
                    _ => Next::TooLong,
                }
            }
            Framing::Fixed { size } => frame(bytes, 0, size),
        }
    }
}

/// A line that ends at `end`, of which `cut` tells the length, and that with its end.
fn line(
    bytes: &[u8],
    limit: usize,
    end: Option<usize>,
    cut: impl FnOnce(usize) -> (usize, usize),
) -> Next {
    match end.map(cut) {
        Some((len, whole)) if len <= limit => Next::Frame { start: 0, len, whole },
        // The last byte may be the carriage return before the newline.
        None if bytes.len() <= limit + 1 => Next::Part,
        _ => Next::TooLong,
    }
}

fn frame(bytes: &[u8], start: usize, len: usize) -> Next {
    if bytes.len() - start < len {
        return Next::Part;
    }
    Next::Frame { start, len, whole: start + len }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of a stream that arrives in pieces of `step` bytes; None at the end: one was too long.
    fn all(framing: Framing, stream: &[u8], step: usize) -> Vec<Option<Vec<u8>>> {
        let (mut found, mut input) = (Vec::new(), Vec::new());
        for piece in stream.chunks(step) {
            input.extend_from_slice(piece);
            loop {
                match framing.next(&input) {
                    Next::Part => break,
                    Next::TooLong => {
                        found.push(None);
                        return found;
                    }
                    Next::Frame { start, len, whole } => {
                        found.push(Some(input[start..start + len].to_vec()));
                        input.drain(..whole);
                    }
                }
            }
        }
        found
    }

    fn check(framing: Framing, stream: &[u8], expected: &[Option<&str>]) {
        let expected: Vec<_> =
            expected.iter().map(|text| text.map(|text| text.as_bytes().to_vec())).collect();
        for step in 1..=stream.len().max(1) {
            assert_eq!(all(framing, stream, step), expected, "{framing:?}, {step} at a time");
        }
    }

    #[test]
    fn lines() {
        let lines = Framing::Lines { limit: 5 };
        check(
            lines,
            b"one\ntwo\r\n\n\r\n12345\r\nrest",
            &[Some("one"), Some("two"), Some(""), Some(""), Some("12345")],
        );
        check(lines, b"1\n123456\n", &[Some("1"), None]);
        check(lines, b"12345678", &[None]);
        let crlf = Framing::Crlf { limit: 5 };
        check(
            crlf,
            b"a\nb\r\n\r\r\n\r\n12345\r\nx",
            &[Some("a\nb"), Some("\r"), Some(""), Some("12345")],
        );
        check(crlf, b"123456\r\n", &[None]);
    }

    #[test]
    fn lengths() {
        let two = |little| Framing::Length { prefix: 2, little, limit: 300 };
        check(two(false), b"\0\x03one\0\0\0\x01x\x01", &[Some("one"), Some(""), Some("x")]);
        check(two(true), b"\x03\0one\x02\0", &[Some("one")]);
        check(two(false), b"\x01\x2d", &[None]);
        let eight = Framing::Length { prefix: 8, little: false, limit: usize::MAX };
        check(eight, b"\0\0\0\0\0\0\0\x02hi\xff", &[Some("hi")]);
        check(Framing::Length { prefix: 8, little: false, limit: 9 }, &[0xff; 8], &[None]);
        check(Framing::Fixed { size: 3 }, b"onetwo..", &[Some("one"), Some("two")]);
    }

    #[test]
    fn descriptions() {
        assert_eq!(Framing::of(YOLANDA_FRAMES_LINES, 0, 0), Some(Framing::Lines { limit: LIMIT }));
        assert_eq!(Framing::of(YOLANDA_FRAMES_FIXED, 0, 0), None);
        assert_eq!(Framing::of(YOLANDA_FRAMES_LENGTH, 3, 0), None);
        assert_eq!(Framing::of(YOLANDA_FRAMES_LENGTH, -1, 0), None);
        assert_eq!(Framing::of(99, 4, 0), None);
    }
}
