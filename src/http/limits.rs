//! How large a request may be.
#![forbid(unsafe_code)]

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    /// Bytes of the request line: 414 beyond.
    pub(super) line: usize,
    /// Bytes of request line, headers, trailers and their line ends together: 431 beyond.
    pub(super) head: usize,
    /// How many headers: 431 beyond.
    pub(super) headers: usize,
    /// Bytes of the body, without what chunks stand in: 413 beyond.
    pub(super) body: u64,
}

impl Limits {
    pub(super) const DEFAULT: Limits =
        Limits { line: 8 << 10, head: 64 << 10, headers: 1000, body: 64 << 20 };
}
