//! Reading a request: what the parser takes from the input, and questions about its state.

#![forbid(unsafe_code)]

use core::ffi::c_int;

use super::keeper::Keeper;
use super::{Intake, Request};
use crate::abi::types::{REQUEST_BODY, REQUEST_DONE, REQUEST_HEADERS, REQUEST_STATUS, buffer};
use crate::http::wire::limits::{DROPPED, Limits};
use crate::http::wire::parse::State;
use crate::http::wire::status::{BAD_REQUEST, Status};

/// The readable bytes of an input; none without a block, whatever the indices are.
fn unread(input: &buffer) -> &[u8] {
    if input.data.get().is_null() { b"" } else { input.bytes() }
}

impl Request {
    /// Parses as much as the input contains. An error is the status with which the request is refused. Bytes of a
    /// body that isn't collected stay in the input, from where they are passed to the program.
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
        // Not more than the number of readable bytes, which is a c_int; the part was taken last.
        input.readIndex.set(input.readIndex.get() + (taken - part) as c_int);
        result
    }

    /// Whether no byte of a request has been seen yet.
    pub fn is_fresh(&self) -> bool {
        self.front.parser.borrow().is_fresh()
    }

    /// Whether the parser stopped because of the limits, so that there may be more bytes.
    pub fn is_halted(&self) -> bool {
        self.front.parser.borrow().is_halted()
    }

    /// Whether the client waits for `100 Continue`.
    pub fn expects_continue(&self) -> bool {
        self.front.parser.borrow().expects_continue()
    }

    /// The interim response was sent or isn't needed any more.
    pub fn continued(&self) {
        self.front.parser.borrow_mut().continued();
    }

    /// The number of bytes of the body that are still to come. None if only the last chunk tells.
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

    /// Whether the response is sent without its body.
    pub fn is_head(&self) -> bool {
        self.front.parser.borrow().is_head
    }

    /// Sets `is_head` from the beginning of an incomplete request line.
    pub fn look_for_head(&self, input: &buffer) {
        self.front.parser.borrow_mut().look_for_head(unread(input));
    }

    /// Whether this is an HTTP/1.0 request, whose client doesn't know chunks.
    pub fn is_1_0(&self) -> bool {
        self.front.parser.borrow().framing.is_1_0
    }

    /// Whether the client wants to close the connection after the response. The head must have been read.
    pub fn ends_connection(&self) -> bool {
        self.front.parser.borrow().framing.ends_connection()
    }

    /// Whether bytes of the body are still to come. The head must have been read.
    pub fn has_more(&self) -> bool {
        self.state() == REQUEST_BODY
    }

    /// Whether the request was answered before all of its body had arrived.
    pub fn is_dropped(&self) -> bool {
        self.intake() == Intake::Dropped
    }
}
