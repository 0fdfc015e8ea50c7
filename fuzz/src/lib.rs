//! What has to hold for any bytes, checked through the library's C interface. A check panics where
//! it doesn't; `fuzz_targets` hands it libFuzzer's inputs, `tests/corpus.rs` those of the corpus and
//! simple mutations of them.

mod chunks;
mod files;
mod forms;
mod reader;
mod routes;
mod urls;

use reader::{Read, read};

/// Lengths of pieces that depend on nothing but the bytes, so that a finding can be repeated.
struct Pieces<'a> {
    rest: &'a [u8],
    state: u64,
    longest: u64,
}

impl<'a> Pieces<'a> {
    fn of(bytes: &'a [u8], longest: u64) -> Pieces<'a> {
        // FNV-1a.
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Pieces { rest: bytes, state: bytes.iter().fold(0xcbf2_9ce4_8422_2325, hash) | 1, longest }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        // xorshift64.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let len = (self.state % self.longest + 1) as usize;
        let (piece, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        Some(piece)
    }
}

/// Above this, one byte at a time takes too long.
const SINGLE_BYTES_UP_TO: usize = 2000;

/// However requests are cut into pieces, the same ones are read, and the same is refused.
fn read_in_pieces(data: &[u8]) -> Read {
    let whole = read([data]);
    for longest in [8, 64, 4096] {
        assert_eq!(read(Pieces::of(data, longest)), whole, "in pieces of up to {longest} bytes");
    }
    if data.len() <= SINGLE_BYTES_UP_TO {
        assert_eq!(read(data.chunks(1)), whole, "byte by byte");
    }
    whole
}

/// A stream of requests.
pub fn request(data: &[u8]) {
    let read = read_in_pieces(data);
    for request in &read.requests {
        // What was taken for a request can be written down, and is read as the same one again.
        let written = request.written();
        let again = reader::read([&written[..]]);
        assert!(!again.is_refused && again.requests.len() == 1, "written down: {written:?}");
        assert_eq!(again.requests[0].without_framing(), request.without_framing());
    }
}

/// A request as it stands at every place where it can be cut: for the corpus, it takes long.
pub fn request_cut_everywhere(data: &[u8]) {
    let whole = read([data]);
    for at in 0..data.len() {
        let (first, second) = data.split_at(at);
        assert_eq!(read([first, second]), whole, "cut at {at}");
    }
}

/// A chunked body: read as another reader reads it, which was written from the grammar alone.
pub fn chunked(data: &[u8]) {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let stream = [&head[..], data].concat();
    let read = read_in_pieces(&stream);
    match chunks::read(data) {
        chunks::Body::Is(body, end) => {
            assert!(!read.requests.is_empty(), "it is a body: {body:?}");
            assert_eq!(read.requests[0].body, body);
            let alone = reader::read([&stream[..head.len() + end]]);
            assert_eq!((alone.requests.len(), alone.rest), (1, Some((0, 0))), "where it ends");
        }
        chunks::Body::Unfinished => {
            assert!(read.requests.is_empty() && !read.is_refused, "more could follow");
        }
        chunks::Body::Malformed => {
            assert!(read.requests.is_empty() && read.is_refused, "no body");
        }
    }
}

/// Path and parameters of a URL: decoded as a plain decoder does it.
pub fn target(data: &[u8]) {
    urls::check(data);
}

/// Patterns of routes, and a path that is asked for.
pub fn route(data: &[u8]) {
    routes::check(data);
}

/// Files over HTTP: a path and conditional headers.
pub fn files(data: &[u8]) {
    files::check(data);
}

/// The body of a form: its boundary, and the body.
pub fn form(data: &[u8]) {
    forms::check(data);
}
