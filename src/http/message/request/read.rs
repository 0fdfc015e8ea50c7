//! Reading a request: what the parser takes from the input, and what it knows.

#![forbid(unsafe_code)]

use core::ffi::c_int;

use super::keeper::Keeper;
use super::{Intake, Request};
use crate::abi::types::{REQUEST_BODY, REQUEST_DONE, REQUEST_HEADERS, REQUEST_STATUS, buffer};
use crate::http::wire::limits::{DROPPED, Limits};
use crate::http::wire::parse::State;
use crate::http::wire::status::{BAD_REQUEST, Status};

/// What there is to read of an input; nothing without a block, whatever the indices say.
fn unread(input: &buffer) -> &[u8] {
    if input.data.get().is_null() { b"" } else { input.bytes() }
}

impl Request {
    /// Takes what it can from the input. An error is the status that the request is refused with. Bytes of a body
    /// that isn't collected stay in the input, where the program gets them.
    pub fn parse(&self, input: &buffer, limits: &Limits) -> Result<(), Status> {
        let upload = self.upload();
        let of_upload;
        let limits = match upload {
            None if self.is_dropped() => &DROPPED,
            None => limits,
            Some(upload) if upload.part.get() > 0 => return Ok(()),
            Some(upload) => {
                of_upload = Limits { body: upload.limit, ask: false, parts: true, ..*limits };
                &of_upload
            }
        };
        let state = &self.front.public.current_state;
        let mut parser = self.front.parser.borrow_mut();
        parser.state = match state.get() {
            REQUEST_STATUS => State::RequestLine,
            REQUEST_HEADERS => State::Headers,
            REQUEST_BODY => State::Body,
            REQUEST_DONE => State::Done,
            _ => return Err(BAD_REQUEST),
        };
        let (taken, result) = parser.parse(unread(input), limits, &mut Keeper(self));
        state.set(match parser.state {
            State::RequestLine => REQUEST_STATUS,
            State::Headers => REQUEST_HEADERS,
            State::Body => REQUEST_BODY,
            State::Done => REQUEST_DONE,
        });
        let part = upload.map_or(0, |upload| upload.part.get());
        // Not more than was readable, which is a c_int; the part was taken last.
        input.readIndex.set(input.readIndex.get() + (taken - part) as c_int);
        result
    }

    /// Whether nothing of a request has been seen yet.
    pub fn is_fresh(&self) -> bool {
        self.front.parser.borrow().is_fresh()
    }

    /// Whether the parser stopped because the limits ask for it: there may be more bytes.
    pub fn is_halted(&self) -> bool {
        self.front.parser.borrow().is_halted()
    }

    /// Whether the client waits for `100 Continue`.
    pub fn expects_continue(&self) -> bool {
        self.front.parser.borrow().expects_continue()
    }

    /// The interim response was sent, or isn't needed any more.
    pub fn continued(&self) {
        self.front.parser.borrow_mut().continued();
    }

    /// Bytes of the body that are still to come; None where only the last chunk tells.
    pub fn body_left(&self) -> Option<u64> {
        self.front.parser.borrow().left()
    }

    /// After the head: checks the announced length of the body against a limit.
    pub fn admit(&self, limit: u64) -> Result<(), Status> {
        self.front.parser.borrow().admit(limit)
    }

    /// Whether the head announces a body, even an empty one.
    pub fn announces_body(&self) -> bool {
        self.front.parser.borrow().framing.announces()
    }

    /// Whether the response goes without its body.
    pub fn is_head(&self) -> bool {
        self.front.parser.borrow().is_head
    }

    /// Sets `is_head` from the beginning of a request line that isn't complete.
    pub fn look_for_head(&self, input: &buffer) {
        self.front.parser.borrow_mut().look_for_head(unread(input));
    }

    /// Whether the request is of HTTP/1.0, whose clients know no chunks.
    pub fn is_1_0(&self) -> bool {
        self.front.parser.borrow().framing.is_1_0
    }

    /// Whether the client wants the connection to end after the response. The head was read.
    pub fn ends_connection(&self) -> bool {
        self.front.parser.borrow().framing.ends_connection()
    }

    /// Whether bytes of the body are still to come. The head was read.
    pub fn has_more(&self) -> bool {
        self.state() == REQUEST_BODY
    }

    /// Whether the request was answered while its body is still to come.
    pub fn is_dropped(&self) -> bool {
        self.intake() == Intake::Dropped
    }
}
