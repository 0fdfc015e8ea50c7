//! Answers one request, by its handler or by the library.

#![forbid(unsafe_code)]

use core::ptr::NonNull;

use crate::http::message::http_response::Form;
use crate::http::message::output::Output;
use crate::http::message::request::Intake;
use crate::http::server::access_log;
use crate::http::server::decide;
use crate::http::server::deferred::Deferred;
use crate::http::server::exchange::{Exchange, Next};
use crate::http::server::finish::{self, End, Sent, Unanswered};
use crate::http::server::scratch::Current;
use crate::http::server::sending;
use crate::sys::clock;

/// Lets the program or the library answer the request of an exchange.
pub fn answer(exchange: &Exchange<'_>, out: &Output<'_>) -> Next {
    let Exchange { conn, http, request, scratch, logs, .. } = *exchange;
    // The program may change the strings from which these are derived.
    let asked = Asked { head_only: request.is_head(), closes: request.ends_connection() };
    if logs {
        access_log::asked(conn, request);
    }
    http.requests.set(http.requests.get().wrapping_add(1));
    let deferred = handle(exchange, out);
    let next = if let Some(deferred) = deferred {
        let awaited = http.deferred().map(NonNull::from);
        if awaited == Some(deferred) { Next::Wait } else { Next::Given }
    } else if conn.is_closing() {
        finish::unanswered(conn, Unanswered::Lost(request));
        Next::Gone
    } else {
        respond(exchange, &asked, out)
    };
    scratch.response.reset();
    next
}

/// How the request wants to be answered.
struct Asked {
    head_only: bool,
    closes: bool,
}

/// Calls the handler. Returns the response that it has deferred, which may already be freed.
fn handle(exchange: &Exchange<'_>, out: &Output<'_>) -> Option<NonNull<Deferred>> {
    let Exchange { conn, request, scratch, .. } = *exchange;
    scratch.current.set(Some(Current {
        conn: NonNull::from(conn),
        out: NonNull::from(out).cast(),
        deferred: None,
    }));
    if let Some(server) = exchange.server
        && request.intake() != Intake::Refused
    {
        server.count_request();
        server.handle(request, &scratch.response);
    }
    scratch.current.take().and_then(|current| current.deferred)
}

/// Encodes the response that the handler has filled in.
fn respond(exchange: &Exchange<'_>, asked: &Asked, out: &Output<'_>) -> Next {
    let Exchange { conn, http, input, request, scratch, .. } = *exchange;
    let response = &scratch.response;
    response.complete();
    let close = asked.closes
        || response.asks_close()
        || conn.has_ending_server()
        || http.is_last(conn)
        || decide::ends_connection(input, request);
    let lingers = !asked.closes || request.has_more();
    finish::answered(conn, http, End::Answered(request), response.status(), |now| {
        let mut date = scratch.date.borrow_mut();
        let date = date.at(now, clock::second);
        let form = Form { body: None, date: Some(date), close, head_only: asked.head_only };
        let bytes = sending::write(response, &form, out);
        Sent { status: response.status(), bytes, cut: out.has_failed() }
    });
    match close {
        _ if exchange.logs && conn.is_closing() => Next::Gone,
        // A client that wants to close sends nothing more, unless more has already arrived.
        true => Next::Close { linger: lingers || input.readable() > 0 },
        false => Next::Stay,
    }
}
