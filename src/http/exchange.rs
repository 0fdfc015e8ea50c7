//! Requests of one connection, and the answers to them.

use core::ptr::null_mut;

use super::encode::{Answer, Sink, encode};
use super::http_request::http_request_close_connection;
use super::http_response::{self, Response};
use super::output::Output;
use super::request::{self, Request};
use super::scratch::{self, Scratch};
use super::status::{Status, reason};
use crate::abi::types::{REQUEST_BODY, REQUEST_DONE, buffer, http_server, tcp_connection};
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::http_slot;
use crate::reactor::tcp_connection::{close_after_send, is_open};
use crate::reactor::tcp_server::is_ending;

/// What becomes of the connection behind a batch of requests.
#[derive(PartialEq, Eq)]
enum Next {
    /// It waits for more bytes.
    Stay,
    /// It ends when all is sent; it lingers where the client may still be sending.
    Close { linger: bool },
    /// It has ended while a callback ran.
    Gone,
}

/// Answers the requests that the input holds. What there is of another one waits in
/// `conn->request`; `conn->response` is set only while this runs.
///
/// # Safety
/// `conn` is a live connection of an HTTP server, on its own thread, and `input` its input.
pub(super) unsafe fn serve(input: *mut buffer, conn: *mut tcp_connection) {
    // SAFETY: the connection stays while frames of its loop use it.
    unsafe {
        if !(*conn).response.is_null() {
            // A callback runs the loop: the pass that called it goes on with these bytes.
            return;
        }
        let slot = http_slot((*conn).eventLoop);
        let scratch = scratch::take(slot);
        let request = match (*conn).request {
            _ if scratch.is_null() => null_mut(),
            held if held.is_null() => scratch::take_request(scratch),
            held => held.cast(),
        };
        if request.is_null() {
            log_err!("http server: no memory for a request");
            close_after_send(conn, true);
        } else {
            (*conn).request = request.cast();
            (*conn).response = (&raw mut (*scratch).response).cast();
            let mut out = Output::new(conn, (*scratch).room);
            let mut next = answer_all(input, conn, request, &mut out);
            if next != Next::Gone && !out.flush() {
                next = Next::Close { linger: false };
            }
            (*conn).response = null_mut();
            put_away(conn, scratch, request, &next);
            if let Next::Close { linger } = next
                && is_open(conn)
            {
                close_after_send(conn, linger);
            }
        }
        if !scratch.is_null() {
            scratch::put_back(slot, scratch);
        }
    }
}

/// Leaves a request with the connection only if there is something of it.
unsafe fn put_away(
    conn: *mut tcp_connection,
    scratch: *mut Scratch,
    request: *mut Request,
    next: &Next,
) {
    // SAFETY: the caller's objects; nobody else uses the request.
    unsafe {
        let ends = *next != Next::Stay || !is_open(conn);
        if ends || request::parser(request).is_fresh() {
            request::reset(request);
            (*conn).request = null_mut();
            scratch::put_request(scratch, request);
        }
    }
}

unsafe fn answer_all(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    out: &mut Output,
) -> Next {
    // SAFETY: after each callback the connection is looked at before anything else is done.
    unsafe {
        loop {
            if let Err(status) = request::parse(input, request) {
                refuse(status, out);
                return Next::Close { linger: true };
            }
            match request::state(request) {
                REQUEST_DONE => (),
                state => {
                    if state == REQUEST_BODY {
                        ask_for_body(input, request, out);
                    }
                    return Next::Stay;
                }
            }
            let next = answer(input, conn, request, out);
            request::reset(request);
            if next != Next::Stay {
                return next;
            }
            if readable(input) == 0 {
                return Next::Stay;
            }
        }
    }
}

/// Tells a client that waits for it to go on with the body.
unsafe fn ask_for_body(input: *mut buffer, request: *mut Request, out: &mut Output) {
    // SAFETY: the caller's objects.
    unsafe {
        let parser = request::parser(request);
        if parser.expects_continue() && readable(input) == 0 {
            out.put(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        parser.continued();
    }
}

/// Lets the program answer one request.
unsafe fn answer(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    out: &mut Output,
) -> Next {
    // SAFETY: fields that the program may change are read when they are needed.
    unsafe {
        let head_only = request::is_head(request);
        let client_closes = http_request_close_connection(request.cast()) != 0;
        let response: *mut Response = (*conn).response.cast();
        let server: *mut http_server = (*conn).data.cast();
        let callback = match server.is_null() {
            true => None,
            false => (*server).requestCallback,
        };
        if let Some(callback) = callback {
            callback(request.cast(), response.cast());
        }
        let mut next = Next::Gone;
        if is_open(conn) {
            http_response::complete(response);
            let closes = client_closes || http_response::asks_close(response) || is_ending(conn);
            http_response::encode_to(response, closes, head_only, out);
            next = match closes {
                // A client that closes has nothing more to say, unless it has said it already.
                true => Next::Close { linger: !client_closes || readable(input) > 0 },
                false => Next::Stay,
            };
        }
        http_response::reset(response);
        next
    }
}

/// The answer to bytes that are no request, or to one that isn't served.
fn refuse(status: Status, out: &mut Output) {
    let text = reason(status);
    let answer = Answer {
        status,
        reason: text,
        content_type: Some(b"text/plain"),
        body: Some(text),
        close: true,
        head_only: false,
    };
    encode(&answer, core::iter::empty(), out);
}

/// Frees what a connection holds that has ended.
///
/// # Safety
/// `conn` is a live connection of an HTTP server, on its own thread.
pub(super) unsafe fn forget(conn: *mut tcp_connection) {
    // SAFETY: while a request is being answered it belongs to `serve`, which sees the end itself.
    unsafe {
        if !(*conn).request.is_null() && (*conn).response.is_null() {
            request::free((*conn).request.cast());
            (*conn).request = null_mut();
        }
    }
}
