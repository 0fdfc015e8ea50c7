//! The body of a request is read and passed over, so that the next request is found behind it.
#![forbid(unsafe_code)]

use super::framing::BODY_MAX;
use super::status::{BAD_REQUEST, CONTENT_TOO_LARGE, Status};

/// What stands next in the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// This many bytes, and then it ends.
    Whole(u64),
    /// A line with the size of a chunk.
    Size,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    /// A header behind the last chunk, or the empty line that ends the body.
    Trailer,
    End,
}

pub(super) struct Body {
    pub(super) part: Part,
    /// The chunks so far, together.
    total: u64,
}

impl Body {
    pub(super) fn of_length(length: u64) -> Body {
        let part = match length {
            0 => Part::End,
            _ => Part::Whole(length),
        };
        Body { part, total: 0 }
    }

    pub(super) fn chunked() -> Body {
        Body { part: Part::Size, total: 0 }
    }

    /// Passes over bytes of the body of which `available` are there; tells how many it took.
    pub(super) fn skip(&mut self, available: usize) -> usize {
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
        // At most available, which is a usize.
        taken as usize
    }

    /// Takes the line with a chunk's size; extensions mean nothing here.
    pub(super) fn size(&mut self, line: &[u8]) -> Result<(), Status> {
        let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let rest = line.get(digits..).unwrap_or(b"");
        if digits == 0 || !matches!(rest.first(), None | Some(b';')) {
            return Err(BAD_REQUEST);
        }
        let size = line.iter().take(digits).fold(0u64, |size, &digit| {
            let digit = char::from(digit).to_digit(16).unwrap_or(0);
            size.saturating_mul(16).saturating_add(u64::from(digit))
        });
        self.total = self.total.saturating_add(size);
        if self.total > BODY_MAX {
            return Err(CONTENT_TOO_LARGE);
        }
        self.part = match size {
            0 => Part::Trailer,
            _ => Part::Chunk(size),
        };
        Ok(())
    }

    /// Takes the line behind a chunk, which has to be empty.
    pub(super) fn chunk_end(&mut self, line: &[u8]) -> Result<(), Status> {
        if !line.is_empty() {
            return Err(BAD_REQUEST);
        }
        self.part = Part::Size;
        Ok(())
    }
}
