//! Processes the input of a connection: whether its requests are answered at this point, and what happens to the
//! connection afterwards.

use core::cell::Cell;

use super::scratch;
use crate::abi::types::{YOLANDA_HTTP_BODY_CUT as CUT, buffer};
use crate::http::message::request::Request;
use crate::http::server::access_log;
use crate::http::server::connection::{Http, put_request, request_of};
use crate::http::server::exchange::{Exchange, Next};
use crate::http::server::scratch::Scratch;
use crate::http::server::server_state::HttpServer;
use crate::http::server::{phase, rate};
use crate::http::wire::limits::Limits;
use crate::reactor::tcp_connection::Connection;
use crate::sys::fd::More;

/// Answers the requests in the input of a connection. The beginning of an incomplete one is kept in
/// `conn->request`.
pub fn serve(input: &buffer, conn: &Connection) {
    while serve_some(input, conn) && !conn.has_closed() && !conn.is_ending() {}
}

/// Returns whether there is more to do: input after a response that was deferred and sent while its callback ran
/// the loop.
fn serve_some(input: &buffer, conn: &Connection) -> bool {
    let http = Http::make(conn);
    let mut resumed = false;
    if let Some(http) = http {
        if http.is_served() || http.is_blocked(conn) {
            // A callback runs the loop, and the iteration that called it will process these bytes. Or a response
            // is outstanding, and they are processed after it.
            http.limit_unread(conn, input.readable());
            return false;
        }
        resumed = http.resume(conn);
        if resumed && access_log::is_on(conn) {
            let served = http.enter(conn);
            access_log::sent(conn);
            if !served.leave() {
                return false;
            }
        }
    }
    let scratch = scratch::take(conn.event_loop());
    if let (None, Some(scratch), Some(_)) = (request_of(conn), &scratch, http)
        && let Some(request) = scratch.take_request()
    {
        put_request(conn, request);
    }
    let (Some(http), Some(scratch), Some(request)) = (http, scratch, request_of(conn)) else {
        log_err!("http server: no memory for a request");
        conn.close_after_send(true);
        return false;
    };
    answer_batch(input, conn, http, &scratch, request, resumed)
}

/// Answers the requests in the input, sends the responses, and determines what the connection waits for.
fn answer_batch(
    input: &buffer,
    conn: &Connection,
    http: &Http,
    scratch: &Scratch,
    request: &Request,
    resumed: bool,
) -> bool {
    let served = http.enter(conn);
    let server = HttpServer::of(conn);
    // SAFETY: a connection keeps its server, and its requests are reset before its memory is freed.
    unsafe { request.comes_over(conn.as_c(), HttpServer::bodies_of(server)) };
    let exchange = Exchange {
        conn,
        http,
        server,
        input,
        request,
        scratch,
        limits: server.map_or(Limits::DEFAULT, HttpServer::limits),
        logs: access_log::is_on(conn),
        is_emptied: Cell::new(false),
    };
    let out = scratch.output(conn);
    let (requests, before) = (http.requests.get(), http.phase.get());
    http.rate.finds(input.readable());
    let next = exchange.answer_all(&out);
    http.rate.leaves(input.readable());
    match next {
        Next::Stay | Next::Hold | Next::Wait => {
            let answered = http.requests.get() != requests;
            phase::note(http, request, &next, answered);
            rate::note(conn, http, before, answered);
        }
        Next::Send => http.wait_for_client(conn),
        _ => (),
    }
    let sent = match next {
        Next::Stay => out.flush_batched(http.since.get()),
        Next::Close { .. } => out.flush_before(More::AtOnce),
        Next::Gone => true,
        _ => out.flush(),
    };
    if next.has_request() && (!next.goes_on() || conn.has_closed()) {
        request.end_upload(CUT);
    }
    if conn.has_closed() && exchange.logs {
        access_log::ended(conn);
    }
    exchange.put_away(&next);
    // Or the client has ended its side while a callback ran the loop.
    let answers_on = resumed || conn.is_answering();
    if !served.leave() {
        // The connection was ended while a callback ran: there is nothing left to do.
    } else if !sent {
        // Also for a connection that waits for a deferred response, which keeps its request.
        conn.set_answering(false);
        conn.close_after_send(false);
    } else if let Next::Close { linger } = next {
        conn.close_after_send(linger);
    } else if answers_on && next == Next::Hold {
        // A client that has ended its side may still have unread bytes of a body.
        http.await_queue();
    } else if answers_on && next == Next::Stay {
        conn.set_answering(false);
    }
    next == Next::Given
}
