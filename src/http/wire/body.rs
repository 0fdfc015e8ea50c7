//! The body of a request on the wire: a number of bytes, or chunks (RFC 9112, 7.1).

#![forbid(unsafe_code)]

use crate::http::wire::scan::{quoted_len, skip_blanks, token_len};
use crate::http::wire::status::{BAD_REQUEST, CONTENT_TOO_LARGE, Status};

/// What comes next in the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// This many bytes, which complete the body.
    Whole(u64),
    /// A line with the size of a chunk.
    Size,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// A trailer, or the empty line that ends the body.
    Trailer,
    End,
}

/// The maximum number of digits of a size. Readers with fewer bits could see another size.
const DIGITS_MAX: usize = 16;

/// The maximum number of bytes in the lines with sizes beyond what is usual for the data between them.
const EXCESS_MAX: u64 = 16 << 10;

pub struct Body {
    pub part: Part,
    /// The total length of all chunks so far.
    total: u64,
    /// Bytes of extensions beyond what is usual for the data.
    excess: u64,
}

impl Body {
    pub fn of_length(length: u64) -> Body {
        let part = match length {
            0 => Part::End,
            _ => Part::Whole(length),
        };
        Body { part, total: 0, excess: 0 }
    }

    pub fn chunked() -> Body {
        Body { part: Part::Size, total: 0, excess: 0 }
    }

    /// Consumes bytes of the body, at most `available`. Returns how many.
    pub fn take(&mut self, available: usize) -> usize {
        let (left, then) = match self.part {
            Part::Whole(left) => (left, Part::End),
            Part::Chunk(left) => (left, Part::ChunkEnd),
            _ => return 0,
        };
        let taken = left.min(available as u64);
        self.part = match (left - taken, self.part) {
            (0, _) => then,
            (left, Part::Whole(_)) => Part::Whole(left),
            (left, _) => Part::Chunk(left),
        };
        // At most `available`, so it fits into a usize.
        taken as usize
    }

    /// The number of bytes of the body that are still to come. None if only the last chunk tells.
    pub fn left(&self) -> Option<u64> {
        match self.part {
            Part::Whole(left) => Some(left),
            Part::End => Some(0),
            _ => None,
        }
    }

    /// Parses the line with a chunk's size. Extensions are ignored, but they must be well-formed.
    pub fn size(&mut self, line: &[u8], limit: u64) -> Result<(), Status> {
        let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let extensions = line.get(digits..).unwrap_or(b"");
        if digits == 0 || digits > DIGITS_MAX || !are_extensions(extensions) {
            return Err(BAD_REQUEST);
        }
        let size = line.iter().take(digits).fold(0u64, |size, &digit| {
            size << 4 | u64::from(char::from(digit).to_digit(16).unwrap_or(0))
        });
        self.total = self.total.saturating_add(size);
        if self.total > limit {
            return Err(CONTENT_TOO_LARGE);
        }
        // A long extension for each byte of data would cost 1,000 times the work.
        let usual = size.saturating_mul(2).saturating_add(DIGITS_MAX as u64);
        self.excess = (self.excess + line.len() as u64).saturating_sub(usual);
        if self.excess > EXCESS_MAX {
            return Err(BAD_REQUEST);
        }
        self.part = match size {
            0 => Part::Trailer,
            _ => Part::Chunk(size),
        };
        Ok(())
    }

    /// Consumes the line end after a chunk if it is complete. Returns its length.
    pub fn chunk_end(&mut self, input: &[u8]) -> Result<usize, Status> {
        match input {
            [b'\r', b'\n', ..] => {
                self.part = Part::Size;
                Ok(2)
            }
            [] | [b'\r'] => Ok(0),
            _ => Err(BAD_REQUEST),
        }
    }
}

/// Whether the text consists of `;NAME` and `;NAME=VALUE`, with optional blanks around `;` and `=`.
fn are_extensions(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        let Some(rest) = behind(text, b';') else {
            return false;
        };
        let name = token_len(rest);
        if name == 0 {
            return false;
        }
        text = rest.get(name..).unwrap_or(b"");
        if let Some(rest) = behind(text, b'=') {
            let value = match token_len(rest) {
                0 => quoted_len(rest),
                token => token,
            };
            if value == 0 {
                return false;
            }
            text = rest.get(value..).unwrap_or(b"");
        }
    }
    true
}

/// The text after the mark, if the mark comes next. Blanks on both sides are skipped.
fn behind(text: &[u8], mark: u8) -> Option<&[u8]> {
    let (first, rest) = skip_blanks(text).split_first()?;
    (*first == mark).then(|| skip_blanks(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        for text in [
            "",
            ";a",
            ";a=b",
            ";a;b",
            ";a=\"b\"",
            " ;a",
            "\t; a = b ;c",
            ";a=\"\"",
            ";a=\"x;y\\\"\\\\ \t\u{e4}\";b",
        ] {
            assert!(are_extensions(text.as_bytes()), "{text:?}");
        }
        for text in [
            " ",
            ";",
            "; ",
            ";;a",
            ";a;",
            ";a=",
            ";a=;b",
            "a",
            ";a ",
            ";a=b ",
            ";a b",
            ";=b",
            ";a=\"b",
            ";a=\"b\\\"",
            ";a=\"b\"c",
            ";a=b\"c\"",
            ",a",
            ";a=b=c",
            ";a=(b)",
        ] {
            assert!(!are_extensions(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn long_extensions_need_bytes() {
        let line = format!("1;{}", "x".repeat(1000));
        let mut body = Body::chunked();
        let taken = (0..100).take_while(|_| body.size(line.as_bytes(), 1 << 20).is_ok()).count();
        assert_eq!(taken, (16 << 10) / (1002 - 18));
        let line = format!("1000;{}", "x".repeat(1000));
        let mut body = Body::chunked();
        assert!((0..10_000).all(|_| body.size(line.as_bytes(), u64::MAX).is_ok()));
    }
}
