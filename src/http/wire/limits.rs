//! How large a request may be.

/// The limit of bodies that have none: any that can be counted.
pub const ANY_LENGTH: u64 = u64::MAX - 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the request line: 414 beyond.
    pub line: usize,
    /// Bytes of request line, headers, trailers and their line ends together: 431 beyond.
    pub head: usize,
    /// How many headers and trailers: 431 beyond.
    pub headers: usize,
    /// Bytes of the body, without what chunks stand in: 413 beyond.
    pub body: u64,
    /// The parser stops behind a head that a body follows, whose length is left to be judged by who
    /// asked for this: `Parser::admit`.
    pub ask: bool,
    /// The parser stops behind each stretch of a body.
    pub parts: bool,
}

/// So much of a body is read and dropped behind its answer, so that the connection can stay open. Of a
/// longer one it costs less to begin a new connection.
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
