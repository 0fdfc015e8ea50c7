//! The library's own responses to requests that it doesn't serve.
#![forbid(unsafe_code)]

use super::scratch;
use crate::http::message::output::Output;
use crate::http::server::connection::{Http, input_of, request_of};
use crate::http::server::finish::{self, End, Sent};
use crate::http::wire::date;
use crate::http::wire::encode::{Answer, Body, Header, encode};
use crate::http::wire::status::{SERVICE_UNAVAILABLE, Status, reason};
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;
use crate::sys::fd::More;

/// Answers bytes that aren't a request, or a request that isn't served. `head_only`: the request is known to be
/// HEAD.
pub fn refuse(status: Status, head_only: bool, mut out: &Output<'_>) -> Sent {
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
    // A shortage of memory is likely to be over soon.
    let again: Option<Header<'_>> =
        (status == SERVICE_UNAVAILABLE).then_some((b"Retry-After", b"1"));
    let bytes = encode(&answer, again.into_iter(), &mut out);
    Sent { status, bytes, cut: false }
}

/// Answers an open connection with an error instead of what it waits for, and ends it. The program still owns a
/// deferred response.
pub fn turn_away(conn: &Connection, status: Status) {
    let (Some(http), Some(scratch)) = (Http::of(conn), scratch::take(conn.event_loop())) else {
        return conn.cut(libc::ETIMEDOUT);
    };
    let request = request_of(conn);
    finish::answered(conn, http, End::TurnedAway(request), status, |_| {
        let out = scratch.output(conn);
        let head_only = request.is_some_and(|request| {
            request.look_for_head(input_of(conn));
            request.is_head()
        });
        let sent = refuse(status, head_only, &out);
        out.flush_before(More::AtOnce);
        sent
    });
    drop(scratch);
    conn.set_answering(false);
    conn.close_after_send(true);
}
