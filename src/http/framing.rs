//! Where a request ends, as its headers tell (RFC 9112, 6). What two readers could understand in
//! two ways is refused: the request that one of them doesn't see is somebody's way in.
#![forbid(unsafe_code)]

use super::body::Body;
use super::scan::{has_member, members};
use super::status::{BAD_REQUEST, CONTENT_TOO_LARGE, NOT_IMPLEMENTED, Status};

#[derive(Default)]
pub(super) struct Framing {
    length: Option<u64>,
    /// A Transfer-Encoding header was there.
    transfer: bool,
    chunked: bool,
    /// A transfer coding was named that isn't known here.
    unknown: bool,
    host: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects: bool,
    pub(super) is_1_0: bool,
}

impl Framing {
    /// Takes one header into account.
    pub(super) fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Status> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                if self.host {
                    return Err(BAD_REQUEST);
                }
                self.host = true;
            }
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.expects |= has_member(value, b"100-continue");
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = decimal(value)?;
                if self.length.is_some_and(|before| before != length) {
                    return Err(BAD_REQUEST);
                }
                self.length = Some(length);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer(value)?,
            _ => (),
        }
        Ok(())
    }

    fn transfer(&mut self, value: &[u8]) -> Result<(), Status> {
        self.transfer = true;
        if members(value).next().is_none() {
            return Err(BAD_REQUEST);
        }
        for coding in members(value) {
            // Chunked comes last, and once.
            if self.chunked {
                return Err(BAD_REQUEST);
            }
            self.chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.unknown |= !self.chunked;
        }
        Ok(())
    }

    /// What follows the head, once all of it is known.
    pub(super) fn body(&self, limit: u64) -> Result<Body, Status> {
        if self.transfer {
            if self.length.is_some() || self.is_1_0 {
                return Err(BAD_REQUEST);
            }
            if self.unknown {
                return Err(NOT_IMPLEMENTED);
            }
            return Ok(Body::chunked());
        }
        match self.length {
            Some(length) if length > limit => Err(CONTENT_TOO_LARGE),
            length => Ok(Body::of_length(length.unwrap_or(0))),
        }
    }
}

/// Digits only. What is too long for a u64 is certainly too long for a body.
fn decimal(text: &[u8]) -> Result<u64, Status> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(BAD_REQUEST);
    }
    Ok(text.iter().fold(0u64, |value, digit| {
        value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }))
}
