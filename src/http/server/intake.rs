//! What becomes of a request when its head is there: who answers it, and whether anybody wants its body. What
//! nobody wants is answered before it is read.

use core::sync::atomic::Ordering::Relaxed;

use super::head;
use super::server_state;
use crate::abi::types::{buffer, tcp_connection};
use crate::http::message::head_hook;
use crate::http::message::head_hook::Hook;
use crate::http::message::http_response;
use crate::http::message::http_response::Response;
use crate::http::message::output::Output;
use crate::http::message::request;
use crate::http::message::request::{Intake, Lack, Request};
use crate::http::route;
use crate::http::route::table::Found;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::{DROPPED, Limits};
use crate::http::wire::status::{SERVICE_UNAVAILABLE, Status};
use crate::reactor::buffer::readable;
use crate::reactor::tcp_connection::Connection;

/// What a head has come to.
pub enum Next {
    /// The body is read, or there is none.
    Read,
    /// The request is answered as it stands.
    Answer,
    /// The program has ended the connection.
    Gone,
}

/// A shorter body needs no memory beside its request's.
const SMALL: u64 = 4096;

/// Decides about a request whose head is there. An error: what it is refused with.
///
/// # Safety
/// A live connection on its thread, which is being served, its input and its request, of which the head was
/// read, or all of it; the response is the loop's, and empty.
pub unsafe fn decide(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    response: *mut Response,
    limits: &Limits,
    out: &mut Output,
) -> Result<Next, Status> {
    // SAFETY: as said; all that the callback can change is looked at afresh behind it.
    unsafe {
        let server = server_state::of(conn);
        let more = request::has_more(request);
        let found = find(server, request);
        request::set_intake(request, Intake::Decided);
        if !is_wanted(server, found) {
            request::parser(request).admit(limits.body)?;
            return Ok(Next::Answer);
        }
        let hook = hook_for(server, found, request);
        if hook.is_some() {
            // What was answered before doesn't wait for this body, nor end with it.
            out.flush();
            if !more {
                // Who stops reading in the callback is called again with this byte when it goes on.
                (*input).readIndex.set((*input).readIndex.get() - 1);
            }
            let refused = head_hook::ask(hook, request, response);
            let upload = request::upload(request);
            if !more && (upload.is_null() || refused) {
                (*input).readIndex.set((*input).readIndex.get() + readable(input).min(1) as i32);
            } else if !more {
                (*upload).part.set(1);
            }
            if Connection::from_c(conn).is_closing() || Connection::from_c(conn).is_ending() {
                http_response::reset(response);
                return Ok(Next::Gone);
            }
            if refused {
                return Ok(Next::Answer);
            }
        }
        let upload = request::upload(request);
        if !upload.is_null() {
            return request::parser(request).admit((*upload).limit).map(|()| Next::Read);
        }
        request::parser(request).admit(limits.body)?;
        match request::parser(request).left() {
            Some(left) if left > SMALL && !(*server).bodies.has_room_for(left) => {
                Err(SERVICE_UNAVAILABLE)
            }
            _ => Ok(Next::Read),
        }
    }
}

/// Looks up who answers, once.
unsafe fn find(server: *mut HttpServer, request: *mut Request) -> Result<Found, Lack> {
    // SAFETY: the caller's request, and the server of its connection.
    unsafe {
        let routes = (*server).routes.load(Relaxed);
        if routes.is_null() {
            return Ok(Found::Nothing);
        }
        let found = route::look_up(routes, request);
        request::set_found(request, found);
        found
    }
}

/// Whether who answers may want to have the body.
unsafe fn is_wanted(server: *mut HttpServer, found: Result<Found, Lack>) -> bool {
    // SAFETY: as in `find`; a running server's routes stay.
    unsafe {
        match found {
            Ok(Found::Route(_, route)) => (*route).wish.takes_bodies,
            Ok(Found::OtherMethods) | Err(Lack::NoMemory) => false,
            Ok(Found::Nothing) | Err(Lack::Malformed) => {
                (*server).public.requestCallback.get().is_some()
            }
        }
    }
}

/// Who is to be asked about a request: the route's callback about all of its requests, the server's about those
/// with a body, if only an empty one.
unsafe fn hook_for(
    server: *mut HttpServer,
    found: Result<Found, Lack>,
    request: *mut Request,
) -> Hook {
    // SAFETY: as in `is_wanted`.
    unsafe {
        if let Ok(Found::Route(_, route)) = found
            && (*route).head.is_some()
        {
            return (*route).head;
        }
        let server_s = head::of((*server).head.load(Relaxed));
        let announces = request::parser(request).framing.announces();
        if announces || is_for_bodies(request::method(request)) { server_s } else { Hook::NONE }
    }
}

/// Whether a request of the method has a body as a rule (RFC 9110, 9.3).
fn is_for_bodies(method: &[u8]) -> bool {
    !matches!(method, b"GET" | b"HEAD" | b"DELETE" | b"OPTIONS" | b"TRACE")
}

/// Whether a connection has to end behind the answer to a request, for the sake of what is missing of its body.
///
/// # Safety
/// A live request that is being answered, and the input that it comes from.
pub unsafe fn ends_connection(input: *mut buffer, request: *mut Request) -> bool {
    // SAFETY: as said.
    unsafe {
        if !request::has_more(request) {
            return false;
        }
        let parser = request::parser(request);
        // A client that was told no `100 Continue` needn't send the body.
        let may_not_come = parser.expects_continue() && readable(input) == 0;
        request::intake(request) == Intake::Refused
            || may_not_come
            || parser.admit(DROPPED.body).is_err()
    }
}

/// The request was answered: of the rest of its body nothing is kept. Whether there is more to come.
///
/// # Safety
/// As for `ends_connection`, which said no.
pub unsafe fn drop_rest(request: *mut Request) -> bool {
    // SAFETY: as said.
    unsafe {
        let more = request::has_more(request);
        if more {
            request::parser(request).continued();
            request::set_intake(request, Intake::Dropped);
        }
        more
    }
}
