//! One line of a request head: the request line, or a header (RFC 9112, 3 and 5).

#![forbid(unsafe_code)]

use core::ops::Range;

use super::target;
use crate::http::wire::scan::{is_blank, target_len, token_len};
use crate::http::wire::status::{BAD_REQUEST, NOT_IMPLEMENTED, Status, VERSION_NOT_SUPPORTED};

/// The maximum length of a method; the server knows no longer one (RFC 9112, 3): otherwise 501.
pub const METHOD_MAX: usize = 64;

/// The parts of a line `METHOD URL HTTP/1.x`: the method at its start, the version at its end.
pub struct RequestLine {
    pub method_end: usize,
    pub url: Range<usize>,
    /// HTTP/1.0, where a connection stays open only if both sides want that.
    pub is_1_0: bool,
}

/// Parses a request line without control characters other than tabs.
pub fn request_line(line: &[u8]) -> Result<RequestLine, Status> {
    let method_end = token_len(line);
    if method_end == 0 || line.get(method_end) != Some(&b' ') {
        return Err(BAD_REQUEST);
    }
    if method_end > METHOD_MAX {
        return Err(NOT_IMPLEMENTED);
    }
    let start = method_end + 1;
    let rest = line.get(start..).unwrap_or(b"");
    let url_len = target_len(rest);
    if url_len == 0 || rest.get(url_len) != Some(&b' ') {
        return Err(BAD_REQUEST);
    }
    let is_1_0 = is_1_0(rest.get(url_len + 1..).unwrap_or(b""))?;
    let method = line.get(..method_end).unwrap_or(b"");
    target::check(method, rest.get(..url_len).unwrap_or(b""))?;
    Ok(RequestLine { method_end, url: start..start + url_len, is_1_0 })
}

/// Whether the version is HTTP/1.0. Every other version of HTTP/1 is served as 1.1 (RFC 9110, 2.5).
fn is_1_0(version: &[u8]) -> Result<bool, Status> {
    // Eight bytes are compared at once.
    let version: &[u8; 8] = version.try_into().map_err(|_| BAD_REQUEST)?;
    if version == b"HTTP/1.1" {
        return Ok(false);
    }
    match version {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] => Ok(*minor == b'0'),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(VERSION_NOT_SUPPORTED)
        }
        _ => Err(BAD_REQUEST),
    }
}

/// The parts of a line `NAME: VALUE`, without the blanks around the value.
pub struct HeaderLine {
    pub name_end: usize,
    pub value: Range<usize>,
}

/// Parses a header line that isn't empty and has no control characters other than tabs. Lines that continue the
/// previous one and blanks before the colon are refused, because readers interpret them differently.
pub fn header_line(line: &[u8]) -> Result<HeaderLine, Status> {
    let name_end = token_len(line);
    if name_end == 0 || line.get(name_end) != Some(&b':') {
        return Err(BAD_REQUEST);
    }
    let value = line.get(name_end + 1..).unwrap_or(b"");
    let skipped = value.iter().take_while(|b| is_blank(b)).count();
    let dropped = value.iter().rev().take_while(|b| is_blank(b)).count();
    let start = name_end + 1 + skipped;
    Ok(HeaderLine { name_end, value: start..start.max(line.len() - dropped) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<(&str, &str, bool), Status> {
        let parts = request_line(line.as_bytes())?;
        Ok((&line[..parts.method_end], &line[parts.url], parts.is_1_0))
    }

    fn header(line: &str) -> Result<(&str, &str), Status> {
        let parts = header_line(line.as_bytes())?;
        Ok((&line[..parts.name_end], &line[parts.value]))
    }

    #[test]
    fn request_lines() {
        assert_eq!(request("GET / HTTP/1.1"), Ok(("GET", "/", false)));
        assert_eq!(request("M-X /?b HTTP/1.0"), Ok(("M-X", "/?b", true)));
        assert_eq!(request("GET / HTTP/1.7"), Ok(("GET", "/", false)));
        assert_eq!(request("GET /\u{e4} HTTP/1.1"), Ok(("GET", "/\u{e4}", false)));
        for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"] {
            let line = format!("GET / {version}");
            assert_eq!(request(&line), Err(VERSION_NOT_SUPPORTED));
        }
        let long = |length| format!("{} / HTTP/1.1", "M".repeat(length));
        assert!(request(&long(METHOD_MAX)).is_ok());
        assert_eq!(request(&long(METHOD_MAX + 1)), Err(NOT_IMPLEMENTED));
        for line in [
            "",
            " ",
            "GET",
            "GET ",
            "GET /",
            "GET / ",
            " GET / HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET /  HTTP/1.1",
            "GET / HTTP/1.1 ",
            "GET / http/1.1",
            "GET / HTTP/1.",
            "GET\t/ HTTP/1.1",
            "GET /\tHTTP/1.1",
            "GET / HTTP/1.12",
            "GET / HTTP/11",
            "G(T / HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET /a#b HTTP/1.1",
            "GET # HTTP/1.1",
            "GET a HTTP/1.1",
            "GET * HTTP/1.1",
        ] {
            assert_eq!(request(line), Err(BAD_REQUEST), "{line:?}");
        }
    }

    #[test]
    fn headers() {
        assert_eq!(header("Host: a b"), Ok(("Host", "a b")));
        assert_eq!(header("Host:a"), Ok(("Host", "a")));
        assert_eq!(header("x: \t a:\t \t"), Ok(("x", "a:")));
        assert_eq!(header("x:"), Ok(("x", "")));
        assert_eq!(header("x: \t "), Ok(("x", "")));
        for line in [":", ": a", "a", "a b", "a : b", " a: b", "\ta: b", "a\t: b", "a(: b"] {
            assert_eq!(header(line), Err(BAD_REQUEST), "{line:?}");
        }
    }
}
