//! Where a request ends according to its headers (RFC 9112, 6). Anything that two readers could understand
//! differently is refused, because attackers can use a request that only one of them sees.

#![forbid(unsafe_code)]

use crate::http::wire::body::Body;
use crate::http::wire::scan::{members, trim};
use crate::http::wire::status::{
    BAD_REQUEST, CONTENT_TOO_LARGE, EXPECTATION_FAILED, NOT_IMPLEMENTED, Status,
};
use crate::http::wire::target::is_host;

#[derive(Default)]
pub struct Framing {
    length: Option<u64>,
    /// There was a Transfer-Encoding header.
    transfer: bool,
    chunked: bool,
    /// There was an unknown transfer coding.
    unknown: bool,
    pub host: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects: bool,
    pub is_1_0: bool,
    /// The options of `Connection`.
    close: bool,
    keep_alive: bool,
}

impl Framing {
    /// Processes one header.
    pub fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Status> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                if self.host || !is_host(value) {
                    return Err(BAD_REQUEST);
                }
                self.host = true;
            }
            6 if name.eq_ignore_ascii_case(b"expect") => {
                for expectation in members(value) {
                    if !expectation.eq_ignore_ascii_case(b"100-continue") {
                        return Err(EXPECTATION_FAILED);
                    }
                    self.expects = true;
                }
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                for option in members(value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                if self.length.is_some() {
                    return Err(BAD_REQUEST);
                }
                self.length = Some(decimal(value)?);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.transfer(value)?,
            _ => (),
        }
        Ok(())
    }

    fn transfer(&mut self, value: &[u8]) -> Result<(), Status> {
        self.transfer = true;
        for coding in value.split(|&b| b == b',').map(trim) {
            // Chunked comes last, and only once. A reader that compares the whole value with "chunked" would
            // interpret a list with an empty member differently.
            if self.chunked || coding.is_empty() {
                return Err(BAD_REQUEST);
            }
            self.chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.unknown |= !self.chunked;
        }
        Ok(())
    }

    /// Whether the client wants to close the connection after the response (RFC 9112, 9.3).
    pub fn ends_connection(&self) -> bool {
        self.close || self.is_1_0 && !self.keep_alive
    }

    /// Whether the head announces a body, even an empty one.
    pub fn announces(&self) -> bool {
        self.transfer || self.length.is_some()
    }

    /// The body that follows the complete head.
    pub fn body(&self, limit: u64) -> Result<Body, Status> {
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

/// Whether a trailer of this name would change where the request ends or which host it is for (RFC 9110, 6.5.1)
/// if a reader merged trailers into the headers.
pub fn is_for_the_head(name: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"host"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A number of decimal digits only. If it is too long for a u64, it is too long for a body.
fn decimal(text: &[u8]) -> Result<u64, Status> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(BAD_REQUEST);
    }
    Ok(text.iter().fold(0u64, |value, digit| {
        value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }))
}
