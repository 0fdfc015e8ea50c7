//! Requests of one connection, and the answers to them: each is read, decided upon, handled, and finished with.

#![forbid(unsafe_code)]

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

/// What becomes of the connection behind a batch of requests.
#[derive(PartialEq, Eq)]
pub enum Next {
    /// It waits for more bytes.
    Stay,
    /// It waits for the program to go on reading, within a body.
    Hold,
    /// It waits for a response that was deferred.
    Wait,
    /// The response was deferred, and given while its callback ran the loop: nothing is waited for.
    Given,
    /// It waits until all is sent.
    Send,
    /// It ends when all is sent; it lingers where the client may still be sending.
    Close { linger: bool },
    /// It has ended while a callback ran.
    Gone,
}

impl Next {
    /// Whether the request still is the connection's: that of a deferred response goes with it.
    pub fn has_request(&self) -> bool {
        !matches!(self, Next::Wait | Next::Given)
    }

    /// Whether more of the request that has begun may be read.
    pub fn goes_on(&self) -> bool {
        matches!(self, Next::Stay | Next::Hold)
    }
}

/// What a connection's requests are answered with.
pub struct Exchange<'a> {
    pub conn: &'a Connection,
    pub http: &'a Http,
    pub server: Option<&'a HttpServer>,
    pub input: &'a buffer,
    pub request: &'a Request,
    pub scratch: &'a Scratch,
    pub limits: Limits,
    pub logs: bool,
}

impl Exchange<'_> {
    /// Answers one request after the other.
    pub fn answer_all(&self, out: &Output<'_>) -> Next {
        let Exchange { conn, http, input, request, .. } = *self;
        loop {
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
                        // The time for the next one begins here, not with the answer.
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
                // The body of one that was refused doesn't come.
                request.end_upload(CUT);
                request.reset();
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

    /// Answers what is no request that is served.
    fn refuse(&self, status: Status, out: &Output<'_>) -> Next {
        let request = self.request;
        finish::answered(self.conn, self.http, End::Refused(request), status, |_| {
            refuse(status, request.is_head(), out)
        });
        let gone = self.logs && self.conn.is_closing();
        if gone { Next::Gone } else { Next::Close { linger: true } }
    }

    /// Tells a client that waits for it to go on with the body.
    fn ask_for_body(&self, out: &Output<'_>) {
        if self.request.expects_continue() && self.input.readable() == 0 {
            out.put(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.request.continued();
    }

    /// Leaves the request with the connection only if there is something of it.
    pub fn put_away(&self, next: &Next) {
        if !next.has_request() {
            return;
        }
        let request = self.request;
        let drops = *next == Next::Send && request.is_dropped();
        let ends = !(next.goes_on() || drops) || self.conn.has_closed();
        if ends || request.is_fresh() {
            request.reset();
            if let Some(request) = self.http.take_request(self.conn) {
                self.scratch.put_request(request);
            }
        }
    }
}
