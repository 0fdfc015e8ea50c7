//! The library's own answers to what isn't served.

use super::{connection, scratch};
use crate::abi::types::tcp_connection;
use crate::http::message::output::Output;
use crate::http::message::request;
use crate::http::message::request::Request;
use crate::http::server::access_log;
use crate::http::wire::date;
use crate::http::wire::encode::{Answer, Body, Header, encode};
use crate::http::wire::status::{SERVICE_UNAVAILABLE, Status, reason};
use crate::reactor::tcp_connection::{Connection, close_after_send};
use crate::sys::clock;
use crate::sys::fd::More;

/// The answer to bytes that are no request, or to one that isn't served; the length of its body.
/// `head_only`: the request is known to be HEAD.
pub fn refuse(status: Status, head_only: bool, out: &mut Output) -> u64 {
    let text = reason(status);
    let date = date::text(clock::second());
    let answer = Answer {
        status,
        reason: text,
        content_type: Some(b"text/plain"),
        body: Body::Bytes(text),
        date: Some(&date),
        close: true,
        head_only,
    };
    // What is short by then is there again soon.
    let again: Option<Header<'_>> =
        (status == SERVICE_UNAVAILABLE).then_some((b"Retry-After", b"1"));
    encode(&answer, again.into_iter(), out)
}

/// Answers a connection with an error in place of what it waits for, and ends it.
///
/// # Safety
/// A live connection of an HTTP server, on its thread, not within `serve`.
pub unsafe fn turn_away(conn: *mut tcp_connection, status: Status) {
    // SAFETY: as said; a deferred response stays its holder's.
    unsafe {
        let http = connection::of(conn);
        let slot = Connection::from_c(conn).event_loop().attachment.as_ptr();
        let scratch = scratch::take(slot);
        if http.is_null() || scratch.is_null() {
            return Connection::from_c(conn).cut(libc::ETIMEDOUT);
        }
        let mut out = Output::new(conn, (*scratch).room);
        let request: *mut Request = (*conn).request.get().cast();
        let mut head_only = false;
        if !request.is_null() {
            request::look_for_head((*conn).input_buffer.get(), request);
            head_only = request::is_head(request);
        }
        refuse(status, head_only, &mut out);
        out.flush_before(More::AtOnce);
        scratch::put_back(slot, scratch);
        if access_log::is_on(conn) {
            access_log::turned_away(conn, (*conn).request.get().cast(), status);
        }
        Connection::from_c(conn).set_answering(false);
        close_after_send(conn, true);
    }
}
