//! The requests of one connection and the responses to them: each request is read, decided upon, handled, and
//! finished.

#![forbid(unsafe_code)]

use core::cell::Cell;

use crate::abi::types::{REQUEST_BODY, REQUEST_DONE, YOLANDA_HTTP_BODY_CUT as CUT, buffer};
use crate::http::message::output::Output;
use crate::http::message::request::Request;
use crate::http::server::access_log;
use crate::http::server::answer::answer;
use crate::http::server::connection::Http;
use crate::http::server::decide;
use crate::http::server::finish::{self, End};
use crate::http::server::reading::{Read, read};
use crate::http::server::refuse::refuse;
use crate::http::server::scratch::Scratch;
use crate::http::server::sending::{self, After};
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::Limits;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

/// The state of the connection after a batch of requests.
#[derive(PartialEq, Eq)]
pub enum Next {
    /// Waits for more bytes.
    Stay,
    /// Waits for the program to resume reading within a body.
    Hold,
    /// Waits for a deferred response.
    Wait,
    /// The response was deferred, and sent while its callback ran the loop: there is nothing to wait for.
    Given,
    /// Waits until everything is sent.
    Send,
    /// Ends when everything is sent. It lingers if the client may still be sending.
    Close { linger: bool },
    /// Has ended while a callback ran.
    Gone,
}

impl Next {
    /// Whether the request still belongs to the connection and not to a deferred response.
    pub fn has_request(&self) -> bool {
        !matches!(self, Next::Wait | Next::Given)
    }

    /// Whether more of the current request may be read.
    pub fn goes_on(&self) -> bool {
        matches!(self, Next::Stay | Next::Hold)
    }
}

/// The objects that are needed to answer a connection's requests.
pub struct Exchange<'a> {
    pub conn: &'a Connection,
    pub http: &'a Http,
    pub server: Option<&'a HttpServer>,
    pub input: &'a buffer,
    pub request: &'a Request,
    pub scratch: &'a Scratch,
    pub limits: Limits,
    pub logs: bool,
    /// The request wasn't used since it was emptied.
    pub is_emptied: Cell<bool>,
}

impl Exchange<'_> {
    /// Answers one request after the other.
    pub fn answer_all(&self, out: &Output<'_>) -> Next {
        let Exchange { conn, http, input, request, .. } = *self;
        loop {
            self.is_emptied.set(false);
            let drops = request.is_dropped();
            if self.logs && !drops && input.readable() > 0 {
                access_log::begins(conn);
            }
            let read = match self.server {
                None => request.parse(input, &self.limits).map(|()| Read::All),
                Some(server) => read(self, server, out),
            };
            match read {
                Err(_) if drops => return Next::Close { linger: true },
                Err(status) => return self.refuse(status, out),
                Ok(Read::Gone) => return Next::Gone,
                Ok(Read::Answer) => (),
                Ok(Read::All) if request.state() == REQUEST_DONE => {
                    if drops {
                        request.reset();
                        // The time of the next request begins here, not after the response.
                        http.since.set(clock::now_ms() as u32);
                        continue;
                    }
                }
                Ok(read) => {
                    if request.state() == REQUEST_BODY && !drops {
                        self.ask_for_body(out);
                    }
                    return if matches!(read, Read::Held) { Next::Hold } else { Next::Stay };
                }
            }
            let next = answer(self, out);
            if !next.has_request() {
                return next;
            }
            let streamed = request.upload().is_some();
            if next != Next::Stay || !decide::drop_rest(request) {
                // The body of a refused request won't be read.
                request.end_upload(CUT);
                request.reset();
                self.is_emptied.set(true);
            }
            if next != Next::Stay {
                return next;
            }
            if streamed && conn.is_closing() {
                return Next::Gone;
            }
            if out.has_failed() {
                return Next::Close { linger: false };
            }
            match sending::after(conn, out) {
                After::Wait => return Next::Send,
                _ if input.readable() == 0 => return Next::Stay,
                After::GoOn if !conn.has_had_its_time(http.since.get()) => {}
                After::GoOn | After::Rest => {
                    conn.read_again();
                    return Next::Send;
                }
            }
        }
    }

    /// Answers bytes that aren't a request, or a request that isn't served.
    fn refuse(&self, status: Status, out: &Output<'_>) -> Next {
        let request = self.request;
        finish::answered(self.conn, self.http, End::Refused(request), status, |_| {
            refuse(status, request.is_head(), out)
        });
        let gone = self.logs && self.conn.is_closing();
        if gone { Next::Gone } else { Next::Close { linger: true } }
    }

    /// Sends `100 Continue` to a client that waits for it.
    fn ask_for_body(&self, out: &Output<'_>) {
        if self.request.expects_continue() && self.input.readable() == 0 {
            out.put(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.request.continued();
    }

    /// Leaves the request with the connection only if a part of one has arrived.
    pub fn put_away(&self, next: &Next) {
        if !next.has_request() {
            return;
        }
        let request = self.request;
        let drops = *next == Next::Send && request.is_dropped();
        let ends = !(next.goes_on() || drops) || self.conn.has_closed();
        if ends || request.is_fresh() {
            // The access log's callback may have changed an empty request.
            if !self.is_emptied.get() || self.logs {
                request.reset();
            }
            if let Some(request) = self.http.take_request(self.conn) {
                self.scratch.put_request(request);
            }
        }
    }
}
