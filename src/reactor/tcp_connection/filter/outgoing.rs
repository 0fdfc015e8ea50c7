//! Bytes that pass through a filter to the wire. A piece of the program's bytes is filtered as a whole, and
//! counts as written after its whole result was sent.
#![forbid(unsafe_code)]

use crate::sys::{errno, pool::Bytes};
use libc::c_int;

/// The number of the program's bytes that are filtered at a time, the size of a TLS record.
const PIECE: usize = 16 << 10;

pub struct Outgoing {
    /// The result of a piece, and how much of it was sent.
    wire: Bytes,
    sent: usize,
    /// The length of the piece; 0 if there is none.
    piece: usize,
}

impl Outgoing {
    pub const fn new() -> Outgoing {
        Outgoing { wire: Bytes::new(), sent: 0, piece: 0 }
    }

    /// Writes as much as possible, and returns the number of the program's bytes that were written, at least one;
    /// else the errno value. A piece that was written in part must begin the next call's bytes. `send` is told
    /// whether more follows at once.
    pub fn write(
        &mut self,
        bytes: &[u8],
        mut filter: impl FnMut(&[u8], &mut Bytes) -> Result<(), c_int>,
        mut send: impl FnMut(&[u8], bool) -> isize,
    ) -> Result<usize, c_int> {
        let mut done = 0;
        while done < bytes.len() {
            let rest = &bytes[done..];
            if let Err(e) = self.write_piece(rest, &mut filter, &mut send) {
                return if done > 0 { Ok(done) } else { Err(e) };
            }
            done += self.piece.min(rest.len());
            *self = Outgoing::new();
        }
        Ok(done)
    }

    /// Writes the whole first piece. The errno value if that isn't possible.
    fn write_piece(
        &mut self,
        bytes: &[u8],
        filter: &mut impl FnMut(&[u8], &mut Bytes) -> Result<(), c_int>,
        send: &mut impl FnMut(&[u8], bool) -> isize,
    ) -> Result<(), c_int> {
        if self.piece == 0 {
            let piece = &bytes[..bytes.len().min(PIECE)];
            self.wire.clear();
            filter(piece, &mut self.wire)?;
            self.piece = piece.len();
        }
        while self.sent < self.wire.bytes().len() {
            let n = send(&self.wire.bytes()[self.sent..], bytes.len() > self.piece);
            if n < 0 {
                return Err(errno::get());
            }
            self.sent += n as usize;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doubles each byte.
    fn double(plain: &[u8], wire: &mut Bytes) -> Result<(), c_int> {
        plain.iter().try_for_each(|&byte| wire.append(&[byte, byte])).ok_or(libc::ENOMEM)
    }

    fn doubled(plain: &[u8]) -> Vec<u8> {
        plain.iter().flat_map(|&byte| [byte, byte]).collect()
    }

    #[test]
    fn every_byte_is_filtered_once_whatever_the_wire_takes() {
        let plain: Vec<u8> = (0..=255).cycle().take(3 * PIECE + 7).collect();
        for most in [1000, 4097, PIECE, 3 * PIECE] {
            let (mut out, mut wire, mut done) = (Outgoing::new(), Vec::new(), 0);
            while done < plain.len() {
                // The wire accepts this many bytes, and then none for a while.
                let mut takes = most;
                let written = out.write(&plain[done..], double, |bytes, _| {
                    let n = bytes.len().min(takes);
                    if n == 0 {
                        errno::set(libc::EAGAIN);
                        return -1;
                    }
                    takes -= n;
                    wire.extend_from_slice(&bytes[..n]);
                    n as isize
                });
                match written {
                    Ok(n) => done += n,
                    Err(e) => assert_eq!(e, libc::EAGAIN),
                }
                assert!(wire.len() >= 2 * done && wire.len() < 2 * (done + PIECE));
            }
            assert!(wire == doubled(&plain), "at most {most} bytes");
        }
    }

    #[test]
    fn more_is_said_to_follow_before_the_last_piece() {
        let mut said = Vec::new();
        let written = Outgoing::new().write(&[1; PIECE + 1], double, |bytes, more| {
            said.push(more);
            bytes.len() as isize
        });
        assert_eq!((written, said), (Ok(PIECE + 1), vec![true, false]));
    }

    #[test]
    fn what_fails_is_told_unless_something_was_written() {
        let mut pieces = 0;
        let fails = |plain: &[u8], wire: &mut Bytes| {
            pieces += 1;
            if pieces == 2 { Err(libc::EPROTO) } else { double(plain, wire) }
        };
        let mut out = Outgoing::new();
        assert_eq!(out.write(&[1; 2 * PIECE], fails, |bytes, _| bytes.len() as isize), Ok(PIECE));
        assert_eq!(out.write(&[1], |_, _| Err(libc::EPROTO), |_, _| 1), Err(libc::EPROTO));
    }
}
