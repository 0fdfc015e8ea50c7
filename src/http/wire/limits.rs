//! How large a request may be.

#![forbid(unsafe_code)]

/// The limit of bodies that have no limit: the highest number that a length can have.
pub const ANY_LENGTH: u64 = u64::MAX - 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the request line: 414 beyond.
    pub line: usize,
    /// Bytes of request line, headers, trailers and their line ends together: 431 beyond.
    pub head: usize,
    /// How many headers and trailers: 431 beyond.
    pub headers: usize,
    /// Bytes of the body without the framing of chunks: 413 beyond.
    pub body: u64,
    /// The parser stops after a head that a body follows. The caller then decides whether the length is
    /// allowed: `Parser::admit`.
    pub ask: bool,
    /// The parser stops after each run of bytes of a body.
    pub parts: bool,
}

/// This much of a body is read and dropped after its answer, so that the connection can stay open. If the
/// body is longer, a new connection costs less.
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
