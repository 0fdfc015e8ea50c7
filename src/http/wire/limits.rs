//! Limits on the size of a request.

#![forbid(unsafe_code)]

/// The limit for bodies without a limit: the largest possible length.
pub const ANY_LENGTH: u64 = u64::MAX - 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The maximum length of the request line; otherwise 414.
    pub line: usize,
    /// The maximum length of request line, headers, trailers and their line ends together; otherwise 431.
    pub head: usize,
    /// The maximum number of headers and trailers; otherwise 431.
    pub headers: usize,
    /// The maximum length of the body without the framing of chunks; otherwise 413.
    pub body: u64,
    /// The parser stops after a head that is followed by a body. The caller then decides whether the length is
    /// allowed (`Parser::admit`).
    pub ask: bool,
    /// The parser stops after each part of a body.
    pub parts: bool,
}

/// The amount of a body that is read and dropped after its response, so that the connection can stay open. For a
/// longer body, a new connection costs less.
pub const DROPPED: Limits = Limits { body: 256 << 10, ..Limits::DEFAULT };

impl Limits {
    pub const DEFAULT: Limits = Limits {
        line: 8 << 10,
        head: 64 << 10,
        headers: 1000,
        body: 64 << 20,
        ask: false,
        parts: false,
    };
}
