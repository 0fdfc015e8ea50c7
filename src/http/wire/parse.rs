//! Parses a request from bytes that arrive in pieces of any size. It consumes whole lines; an incomplete line
//! stays in the input and isn't scanned twice.

#![forbid(unsafe_code)]

use crate::http::wire::body::{Body, Part};
use crate::http::wire::framing::{Framing, is_for_the_head};
use crate::http::wire::limits::{ANY_LENGTH, Limits};
use crate::http::wire::line::{HeaderLine, METHOD_MAX, RequestLine, header_line, request_line};
use crate::http::wire::scan::{find_control, token_len};
use crate::http::wire::status::{
    BAD_REQUEST, CONTENT_TOO_LARGE, HEADERS_TOO_LARGE, NOT_IMPLEMENTED, Status, URI_TOO_LONG,
};

/// The maximum length of a line with a chunk's size and extensions.
const CHUNK_LINE_MAX: usize = 1 << 10;
/// The maximum number of empty lines before a request: some clients send a line end after a body that isn't part
/// of it.
const EMPTY_LINES_MAX: u8 = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    RequestLine,
    Headers,
    Body,
    Done,
}

/// Receives the parsed parts. An error ends the request with this status.
pub trait Store {
    fn request_line(&mut self, line: &[u8], parts: &RequestLine) -> Result<(), Status>;
    fn header(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status>;
    /// A Host header after a target that contains a host, which takes precedence (RFC 9112, 3.2.2).
    fn overridden_host(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status>;
    /// The next bytes of the body, at least one. `left` is the number of bytes that follow; None if only the last
    /// chunk tells.
    fn body(&mut self, bytes: &[u8], left: Option<u64>) -> Result<(), Status>;
}

pub struct Parser {
    pub state: State,
    /// The number of bytes of an incomplete line that were scanned.
    scanned: usize,
    /// The number of bytes of the head that were consumed.
    head: usize,
    headers: usize,
    empty_lines: u8,
    /// HTTP/1.1 requests without Host are refused.
    needs_host: bool,
    /// The target isn't a path but contains the host.
    names_host: bool,
    pub framing: Framing,
    /// The response has no body.
    pub is_head: bool,
    body: Body,
    /// The caller has to act before parsing continues: see `Limits`.
    halted: bool,
}

impl Parser {
    /// `needs_host`: HTTP/1.1 requests without Host are refused.
    pub fn new(needs_host: bool) -> Parser {
        Parser {
            state: State::RequestLine,
            scanned: 0,
            head: 0,
            headers: 0,
            empty_lines: 0,
            needs_host,
            names_host: false,
            framing: Framing::default(),
            is_head: false,
            body: Body::of_length(0),
            halted: false,
        }
    }

    /// Whether no byte of a request has been seen yet.
    pub fn is_fresh(&self) -> bool {
        self.state == State::RequestLine && self.scanned == 0 && self.empty_lines == 0
    }

    /// Whether the client is waiting for `100 Continue`.
    pub fn expects_continue(&self) -> bool {
        self.state == State::Body && self.framing.expects && !self.framing.is_1_0
    }

    /// The interim response was sent or isn't needed any more.
    pub fn continued(&mut self) {
        self.framing.expects = false;
    }

    /// Whether the latest call stopped because of the limits, so that there may be more bytes.
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// The number of bytes of the body that are still to come. None if only the last chunk tells.
    pub fn left(&self) -> Option<u64> {
        self.body.left()
    }

    /// After the head: checks the announced length of the body against a limit.
    pub fn admit(&self, limit: u64) -> Result<(), Status> {
        match self.left() {
            Some(length) if length > limit => Err(CONTENT_TOO_LARGE),
            _ => Ok(()),
        }
    }

    /// Parses as much as possible and returns the number of bytes consumed. Stops after the request, at bytes
    /// that can't be part of one, and where the limits require it.
    pub fn parse(
        &mut self,
        input: &[u8],
        limits: &Limits,
        store: &mut impl Store,
    ) -> (usize, Result<(), Status>) {
        let mut taken = 0;
        self.halted = false;
        while self.state != State::Done && !self.halted {
            match self.step(input.get(taken..).unwrap_or(b""), limits, store) {
                Ok(0) => break,
                Ok(n) => taken += n,
                Err(status) => {
                    self.look_for_head(input.get(taken..).unwrap_or(b""));
                    return (taken, Err(status));
                }
            }
        }
        (taken, Ok(()))
    }

    /// Determines from an incomplete request line whether the response has no body. `input` begins with the line.
    #[cold]
    pub fn look_for_head(&mut self, input: &[u8]) {
        if self.state == State::RequestLine {
            self.is_head = input.starts_with(b"HEAD ");
        }
    }

    /// Consumes one line or a part of the body. Returns 0 if there are too few bytes.
    fn step(
        &mut self,
        input: &[u8],
        limits: &Limits,
        store: &mut impl Store,
    ) -> Result<usize, Status> {
        match self.state {
            State::RequestLine => {
                let Some(line) = self.first_line(input, limits.line)? else {
                    return Ok(0);
                };
                if !line.is_empty() {
                    self.request_line(line, store)?;
                } else if self.empty_lines == EMPTY_LINES_MAX {
                    return Err(BAD_REQUEST);
                } else {
                    self.empty_lines += 1;
                }
                Ok(line.len() + 2)
            }
            State::Headers => {
                let Some(line) = self.head_line(input, limits.head)? else {
                    return Ok(0);
                };
                if line.is_empty() {
                    if self.needs_host && !self.framing.host && !self.framing.is_1_0 {
                        return Err(BAD_REQUEST);
                    }
                    let limit = if limits.ask { ANY_LENGTH } else { limits.body };
                    self.body = self.framing.body(limit)?;
                    self.state = State::Body;
                    self.end_of_body();
                    self.halted = limits.ask && self.state == State::Body;
                } else {
                    self.header(line, limits.headers, store)?;
                }
                Ok(line.len() + 2)
            }
            State::Body => self.body_step(input, limits, store),
            State::Done => Ok(0),
        }
    }

    fn request_line(&mut self, line: &[u8], store: &mut impl Store) -> Result<(), Status> {
        let parts = request_line(line)?;
        store.request_line(line, &parts)?;
        self.framing = Framing::default();
        self.framing.is_1_0 = parts.is_1_0;
        self.is_head = line.get(..parts.method_end) == Some(b"HEAD");
        self.names_host = line.get(parts.url.start) != Some(&b'/');
        self.head = line.len() + 2;
        self.headers = 0;
        self.state = State::Headers;
        Ok(())
    }

    fn header(&mut self, line: &[u8], limit: usize, store: &mut impl Store) -> Result<(), Status> {
        if self.headers >= limit {
            return Err(HEADERS_TOO_LARGE);
        }
        let parts = header_line(line)?;
        let name = line.get(..parts.name_end).unwrap_or(b"");
        let value = line.get(parts.value.clone()).unwrap_or(b"");
        let hosts = self.framing.host;
        self.framing.header(name, value)?;
        if self.names_host && self.framing.host != hosts {
            store.overridden_host(line, &parts)?;
        } else {
            store.header(line, &parts)?;
        }
        self.headers += 1;
        Ok(())
    }

    fn body_step(
        &mut self,
        input: &[u8],
        limits: &Limits,
        store: &mut impl Store,
    ) -> Result<usize, Status> {
        let taken = match self.body.part {
            Part::Whole(_) | Part::Chunk(_) => {
                let taken = self.body.take(input.len());
                if taken > 0 {
                    store.body(input.get(..taken).unwrap_or(b""), self.body.left())?;
                    self.halted = limits.parts;
                }
                taken
            }
            Part::ChunkEnd => self.body.chunk_end(input)?,
            Part::Size => {
                let Some(line) = self.line(input, CHUNK_LINE_MAX, BAD_REQUEST)? else {
                    return Ok(0);
                };
                self.body.size(line, limits.body)?;
                line.len() + 2
            }
            Part::Trailer => {
                let Some(line) = self.head_line(input, limits.head)? else {
                    return Ok(0);
                };
                if line.is_empty() {
                    self.body.part = Part::End;
                } else if self.headers >= limits.headers {
                    return Err(HEADERS_TOO_LARGE);
                } else {
                    self.headers += 1;
                    let parts = header_line(line)?;
                    if is_for_the_head(line.get(..parts.name_end).unwrap_or(b"")) {
                        return Err(BAD_REQUEST);
                    }
                }
                line.len() + 2
            }
            Part::End => 0,
        };
        self.end_of_body();
        Ok(taken)
    }

    fn end_of_body(&mut self) {
        if self.body.part == Part::End {
            self.state = State::Done;
        }
    }

    fn first_line<'a>(
        &mut self,
        input: &'a [u8],
        limit: usize,
    ) -> Result<Option<&'a [u8]>, Status> {
        let line = self.line(input, limit, URI_TOO_LONG);
        if line == Err(URI_TOO_LONG) {
            // The part that is too long need not be the URL.
            let method = token_len(input);
            if method > METHOD_MAX {
                return Err(NOT_IMPLEMENTED);
            }
            let before_version = input.iter().take(limit.saturating_sub("HTTP/1.1".len()));
            if before_version.filter(|&&b| b == b' ').count() > 1 {
                return Err(BAD_REQUEST);
            }
        }
        line
    }

    /// A line that counts towards the size of the head.
    fn head_line<'a>(&mut self, input: &'a [u8], limit: usize) -> Result<Option<&'a [u8]>, Status> {
        let Some(limit) = limit.checked_sub(self.head + 2) else {
            return Err(HEADERS_TOO_LARGE);
        };
        let line = self.line(input, limit, HEADERS_TOO_LARGE)?;
        self.head += line.map_or(0, |line| line.len() + 2);
        Ok(line)
    }

    /// The line at the beginning of `input`, without its CRLF. None if it is incomplete. Control characters
    /// except tabs, a CR without LF and a LF without CR are refused.
    fn line<'a>(
        &mut self,
        input: &'a [u8],
        limit: usize,
        too_long: Status,
    ) -> Result<Option<&'a [u8]>, Status> {
        let mut at = self.scanned;
        loop {
            at = find_control(input, at);
            if at > limit {
                return Err(too_long);
            }
            match input.get(at..) {
                Some([b'\r', b'\n', ..]) => {
                    self.scanned = 0;
                    return Ok(input.get(..at));
                }
                Some([b'\t', ..]) => at += 1,
                None | Some([] | [b'\r']) => {
                    self.scanned = at;
                    return Ok(None);
                }
                _ => return Err(BAD_REQUEST),
            }
        }
    }
}

#[cfg(test)]
mod tests;
