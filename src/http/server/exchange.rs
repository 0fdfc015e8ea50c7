//! Requests of one connection, and the answers to them.

use core::ptr::null_mut;
use core::sync::atomic::Ordering::Relaxed;

use super::deferred;
use super::scratch;
use super::sending;
use super::server_state;
use super::{connection, intake, rate};
use crate::abi::types::{
    REQUEST_BODY, REQUEST_DONE, YOLANDA_HTTP_BODY_CUT as CUT, buffer, tcp_connection,
};
use crate::http::message::http_response;
use crate::http::message::http_response::Form;
use crate::http::message::output::Output;
use crate::http::message::request::{Intake, Request};
use crate::http::message::{request, upload};
use crate::http::route;
use crate::http::server::access_log;
use crate::http::server::connection::{Http, Phase};
use crate::http::server::refuse::refuse;
use crate::http::server::scratch::{Current, Scratch};
use crate::http::server::sending::{After, is_waited_for};
use crate::http::server::upload_reading::{self, Read};
use crate::http::wire::encode::Sink;
use crate::http::wire::limits::Limits;
use crate::http::wire::status::Status;
use crate::reactor::buffer::readable;
use crate::reactor::tcp_connection::{Connection, close_after_send, is_open};
use crate::reactor::tcp_server::is_ending;
use crate::sys::clock;
use crate::sys::fd::More;

/// What becomes of the connection behind a batch of requests.
#[derive(PartialEq, Eq)]
enum Next {
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

/// So much unread input stops the reading while requests have to wait.
const UNREAD_MAX: usize = 64 << 10;

/// Answers the requests that the input holds. What there is of another one waits in
/// `conn->request`.
///
/// # Safety
/// `conn` is a live connection of an HTTP server, on its own thread, and `input` its input.
pub unsafe fn serve(input: *mut buffer, conn: *mut tcp_connection) {
    // SAFETY: the connection stays while frames of its loop use it.
    unsafe {
        while serve_some(input, conn) && is_open(conn) && !Connection::from_c(conn).is_ending() {}
    }
}

/// Whether there is more to do: what came behind a response that was given while its callback ran the loop.
unsafe fn serve_some(input: *mut buffer, conn: *mut tcp_connection) -> bool {
    // SAFETY: the connection stays while frames of its loop use it, and its state while it is served.
    unsafe {
        let http = connection::make(conn);
        if !http.is_null() && (connection::is_served(http) || is_waited_for(conn, http)) {
            // A callback runs the loop: the pass that called it goes on with these bytes. Or an
            // answer is outstanding: who gives it, or has sent it, goes on with them.
            let much = is_waited_for(conn, http) && readable(input) >= UNREAD_MAX;
            if much && !(*http).paused.get() {
                (*http).paused.set(Connection::from_c(conn).pause_reading());
            }
            return false;
        }
        let resumed = !http.is_null() && sending::resume(conn, http);
        if resumed && access_log::is_on(conn) {
            connection::enter(http);
            access_log::sent(conn);
            if !connection::leave(conn, http) {
                return false;
            }
        }
        let slot = Connection::from_c(conn).event_loop().attachment.as_ptr();
        let scratch = scratch::take(slot);
        let request = match (*conn).request.get() {
            _ if scratch.is_null() || http.is_null() => null_mut(),
            held if held.is_null() => scratch::take_request(scratch),
            held => held.cast(),
        };
        let mut given = false;
        if request.is_null() {
            log_err!("http server: no memory for a request");
            close_after_send(conn, true);
        } else {
            (*conn).request.set(request.cast());
            connection::enter(http);
            request::comes_over(request, conn, server_state::bodies(conn));
            let mut out = Output::new(conn, (*scratch).room);
            let (answered, before) = ((*http).requests.get(), (*http).phase.get());
            (*http).rate.finds(readable(input));
            let next = answer_all(input, conn, scratch, request, &mut out);
            (*http).rate.leaves(readable(input));
            match next {
                Next::Stay | Next::Hold | Next::Wait => {
                    let answered = (*http).requests.get() != answered;
                    note_phase(http, request, &next, answered);
                    rate::note(conn, before, answered);
                }
                Next::Send => sending::wait(conn, http),
                _ => (),
            }
            let sent = match next {
                Next::Stay => out.flush_together((*http).since.get()),
                Next::Close { .. } => out.flush_before(More::AtOnce),
                Next::Gone => true,
                _ => out.flush(),
            };
            if has_request(&next) && !(goes_on(&next) && is_open(conn)) {
                upload::end(request, CUT);
            }
            if !is_open(conn) && access_log::is_on(conn) {
                access_log::ended(conn);
            }
            put_away(conn, scratch, request, &next);
            given = next == Next::Given;
            // Or its client has ended its stream while a callback ran the loop.
            let answers_on = resumed || Connection::from_c(conn).is_answering();
            if !connection::leave(conn, http) {
                // Whoever ended it while a callback ran has left nothing to do.
            } else if !sent {
                // Also one that waits for a deferred response, which keeps its request.
                Connection::from_c(conn).set_answering(false);
                close_after_send(conn, false);
            } else if let Next::Close { linger } = next {
                close_after_send(conn, linger);
            } else if answers_on && next == Next::Hold {
                // A client that has ended its stream isn't done before its body is.
                (*http).sending.set(true);
            } else if answers_on && next == Next::Stay {
                Connection::from_c(conn).set_answering(false);
            }
        }
        if !scratch.is_null() {
            scratch::put_back(slot, scratch);
        }
        given
    }
}

/// Whether the request still is the connection's: that of a deferred response goes with it.
fn has_request(next: &Next) -> bool {
    !matches!(next, Next::Wait | Next::Given)
}

/// Whether more of the request that has begun may be read.
fn goes_on(next: &Next) -> bool {
    matches!(next, Next::Stay | Next::Hold)
}

/// Notes what the connection waits for from now on.
unsafe fn note_phase(http: *mut Http, request: *mut Request, next: &Next, answered: bool) {
    // SAFETY: the caller's objects; the connection's state is there while it is served.
    unsafe {
        let phase = match request::state(request) {
            _ if *next == Next::Wait => Phase::Answer,
            _ if *next == Next::Hold => Phase::Body,
            // Nobody waits for what is left of its body.
            _ if request::is_dropped(request) => Phase::Idle,
            REQUEST_BODY => Phase::Body,
            _ if request::parser(request).is_fresh() => Phase::Idle,
            _ => Phase::Head,
        };
        // The bytes of a head don't begin its time anew, those of a body do. An answer has set it.
        let begins = phase != (*http).phase.get() || phase == Phase::Body;
        if begins && !answered || phase == Phase::Answer {
            (*http).since.set(clock::now_ms() as u32);
        }
        (*http).phase.set(phase);
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
        if !has_request(next) {
            return;
        }
        let drops = *next == Next::Send && request::is_dropped(request);
        let ends = !(goes_on(next) || drops) || !is_open(conn);
        if ends || request::parser(request).is_fresh() {
            request::reset(request);
            (*conn).request.set(null_mut());
            scratch::put_request(scratch, request);
        }
    }
}

unsafe fn answer_all(
    input: *mut buffer,
    conn: *mut tcp_connection,
    scratch: *mut Scratch,
    request: *mut Request,
    out: &mut Output,
) -> Next {
    // SAFETY: after each callback the connection is looked at before anything else is done.
    unsafe {
        let server = server_state::of(conn);
        let limits = if server.is_null() { Limits::DEFAULT } else { (*server).limits() };
        let logs = access_log::is_on(conn);
        loop {
            let drops = request::is_dropped(request);
            if logs && !drops && readable(input) > 0 {
                access_log::begins(conn);
            }
            let response = &raw mut (*scratch).response;
            let read = match server.is_null() {
                true => request::parse(input, request, &limits).map(|()| Read::All),
                false => upload_reading::read(input, conn, request, response, &limits, out),
            };
            if let Err(status) = read {
                if drops {
                    return Next::Close { linger: true };
                }
                let bytes = refuse(status, request::is_head(request), out);
                if !server.is_null() {
                    (*server).answered(status);
                }
                if logs {
                    access_log::asked(conn, request);
                    access_log::tell(conn, request, status, bytes, false);
                }
                let gone = logs && Connection::from_c(conn).is_closing();
                return if gone { Next::Gone } else { Next::Close { linger: true } };
            }
            let held = matches!(read, Ok(Read::Held));
            if matches!(read, Ok(Read::Gone)) {
                return Next::Gone;
            }
            let ready = matches!(read, Ok(Read::Answer));
            match request::state(request) {
                REQUEST_DONE if drops => {
                    request::reset(request);
                    // The time for the next one begins here, not with the answer.
                    (*connection::of(conn)).since.set(clock::now_ms() as u32);
                    continue;
                }
                REQUEST_DONE if !held => (),
                _ if ready => (),
                state => {
                    if state == REQUEST_BODY && !drops {
                        ask_for_body(input, request, out);
                    }
                    return if held { Next::Hold } else { Next::Stay };
                }
            }
            let next = answer(input, conn, scratch, request, out);
            if !has_request(&next) {
                return next;
            }
            let streamed = !request::upload(request).is_null();
            if next != Next::Stay || !intake::drop_rest(request) {
                // The body of one that was refused doesn't come.
                upload::end(request, CUT);
                request::reset(request);
            }
            if next != Next::Stay {
                return next;
            }
            if streamed && Connection::from_c(conn).is_closing() {
                return Next::Gone;
            }
            if out.has_failed() {
                return Next::Close { linger: false };
            }
            match sending::after(conn, out) {
                After::Wait => return Next::Send,
                _ if readable(input) == 0 => return Next::Stay,
                After::GoOn
                    if !Connection::from_c(conn)
                        .has_had_its_time((*connection::of(conn)).since.get()) => {}
                After::GoOn | After::Rest => {
                    Connection::from_c(conn).read_again();
                    return Next::Send;
                }
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
    scratch: *mut Scratch,
    request: *mut Request,
    out: &mut Output,
) -> Next {
    // SAFETY: fields that the program may change are read when they are needed.
    unsafe {
        let head_only = request::is_head(request);
        let client_closes = request::ends_connection(request);
        let response = &raw mut (*scratch).response;
        (*scratch).current = Current { conn, request, out, deferred: null_mut() };
        let server = server_state::of(conn);
        let http = connection::of(conn);
        let logs = access_log::is_on(conn);
        if logs {
            access_log::asked(conn, request);
        }
        (*http).requests.set((*http).requests.get().wrapping_add(1));
        let refused = request::intake(request) == Intake::Refused;
        let (routes, callback) = match server.is_null() || refused {
            true => (null_mut(), None),
            false => {
                (*server).counts.requests.fetch_add(1, Relaxed);
                ((*server).routes.load(Relaxed), (*server).public.requestCallback.get())
            }
        };
        if !routes.is_null() {
            route::answer(routes, callback, request, response);
        } else if let Some(callback) = callback {
            callback(request.cast(), response.cast());
        }
        let deferred = (*scratch).current.deferred;
        (*scratch).current.conn = null_mut();
        let mut next = Next::Gone;
        if !deferred.is_null() {
            next = if (*http).deferred.get() == deferred { Next::Wait } else { Next::Given };
        } else if !Connection::from_c(conn).is_closing() {
            http_response::complete(response);
            let close = client_closes
                || http_response::asks_close(response)
                || is_ending(conn)
                || is_last(conn)
                || intake::ends_connection(input, request);
            let lingers = !client_closes || request::has_more(request);
            note_answer(conn, http_response::status(response));
            let now = clock::now_ms();
            (*http).since.set(now as u32);
            let date = (*scratch).date.at(now, clock::second);
            let form = Form { body: None, date: Some(date), close, head_only };
            let bytes = sending::write(response, &form, out);
            if logs {
                let status = http_response::status(response);
                access_log::answered(conn, request, status, bytes, out.has_failed());
            }
            next = match close {
                _ if logs && Connection::from_c(conn).is_closing() => Next::Gone,
                // A client that closes has nothing more to say, unless it has said it already.
                true => Next::Close { linger: lingers || readable(input) > 0 },
                false => Next::Stay,
            };
        } else if logs {
            access_log::tell(conn, request, 0, 0, true);
        }
        http_response::reset(response);
        next
    }
}

/// Whether the connection has made as many requests as it may.
///
/// # Safety
/// An open connection of an HTTP server, on its thread.
pub unsafe fn is_last(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said; the connection keeps its server.
    unsafe {
        let (server, http) = (server_state::of(conn), connection::of(conn));
        if server.is_null() || http.is_null() {
            return false;
        }
        let most = (*server).max_requests.load(Relaxed);
        most > 0 && (*http).requests.get() >= most
    }
}

/// Counts a response.
///
/// # Safety
/// As `is_last`.
pub unsafe fn note_answer(conn: *mut tcp_connection, status: Status) {
    // SAFETY: as said.
    unsafe {
        let server = server_state::of(conn);
        if !server.is_null() {
            (*server).answered(status);
        }
    }
}

/// Everything that a connection queued has been sent.
///
/// # Safety
/// `conn` is a live connection of an HTTP server, on its own thread.
pub unsafe fn drained(conn: *mut tcp_connection) {
    // SAFETY: as said; a deferred response is there until it was sent and looked at in the loop.
    unsafe {
        let http = connection::of(conn);
        if http.is_null() {
            return;
        }
        if !(*http).deferred.get().is_null() {
            deferred::tell_writable((*http).deferred.get());
        } else if (*http).sending.get() {
            serve((*conn).input_buffer.get(), conn);
        }
    }
}

/// Whether requests are being answered further down on the stack.
///
/// # Safety
/// As `drained`.
pub unsafe fn is_answering(conn: *mut tcp_connection) -> bool {
    // SAFETY: the state is there as long as the connection is open.
    unsafe {
        let http = connection::of(conn);
        !http.is_null() && connection::is_served(http)
    }
}

/// The client sends no more, and an answer is outstanding.
///
/// # Safety
/// As `drained`.
pub unsafe fn half_closed(conn: *mut tcp_connection) {
    // SAFETY: the state is there as long as the connection is open, and with it the hold on a deferred
    // response.
    unsafe {
        let http = connection::of(conn);
        if !http.is_null() && !(*http).deferred.get().is_null() {
            deferred::tell_half_closed((*http).deferred.get());
        }
    }
}

/// Frees what a connection holds that has ended.
///
/// # Safety
/// As `drained`.
pub unsafe fn forget(conn: *mut tcp_connection) {
    // SAFETY: while a request is being answered it belongs to `serve`, which sees the end itself; that
    // of a deferred response belongs to it.
    unsafe {
        let http = connection::of(conn);
        if http.is_null() {
            return;
        }
        let deferred = (*http).deferred.replace(null_mut());
        if !deferred.is_null() {
            (*conn).request.set(null_mut());
            if access_log::is_on(conn) {
                access_log::given_up(conn, deferred::progress(deferred));
            }
            deferred::tell_closed(deferred);
            deferred::leave(deferred);
        } else if !(*conn).request.get().is_null() && !connection::is_served(http) {
            let request: *mut Request = (*conn).request.replace(null_mut()).cast();
            upload::end(request, CUT);
            request::free(request);
        }
        if !connection::is_served(http) {
            if access_log::is_on(conn) {
                access_log::ended(conn);
            }
            connection::free(conn);
        }
    }
}
