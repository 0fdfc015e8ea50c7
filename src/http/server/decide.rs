//! Decides about a request after its head: who answers it, and whether its body is wanted. If the body isn't
//! wanted, the request is answered before the body is read.
#![forbid(unsafe_code)]

use crate::abi::types::buffer;
use crate::http::message::handler::Found;
use crate::http::message::head_hook::Hook;
use crate::http::message::output::Output;
use crate::http::message::request::{Intake, Lack, Request};
use crate::http::route;
use crate::http::server::exchange::Exchange;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::DROPPED;
use crate::http::wire::status::{SERVICE_UNAVAILABLE, Status};

/// The decision about a request.
pub enum Decision {
    /// Read the body, if there is one.
    Read,
    /// Answer the request without reading on.
    Answer,
    /// The program has ended the connection.
    Gone,
}

/// A body of at most this length needs no memory besides that of its request.
const SMALL: u64 = 4096;

/// Decides about a request whose head, or all of it, has been read. An error is the status with which it is
/// refused. Everything that the head callback can change is read again after the call.
pub fn decide(
    exchange: &Exchange<'_>,
    server: &HttpServer,
    out: &Output<'_>,
) -> Result<Decision, Status> {
    let Exchange { conn, input, request, ref limits, .. } = *exchange;
    let more = request.has_more();
    let found = find(server, request);
    request.set_intake(Intake::Decided);
    if !is_wanted(server, found) {
        request.admit(limits.body)?;
        return Ok(Decision::Answer);
    }
    let hook = hook_for(server, found, request);
    if hook.is_some() {
        // Earlier responses neither wait for this body nor are lost with it.
        out.flush();
        if !more {
            // If the callback pauses reading, this byte causes another call when reading resumes.
            input.readIndex.set(input.readIndex.get() - 1);
        }
        let response = &exchange.scratch.response;
        let refused = request.ask(hook, response);
        match request.upload() {
            _ if more => (),
            Some(upload) if !refused => upload.part.set(1),
            _ => input.readIndex.set(input.readIndex.get() + input.readable().min(1) as i32),
        }
        if conn.is_closing() || conn.is_ending() {
            response.reset();
            return Ok(Decision::Gone);
        }
        if refused {
            return Ok(Decision::Answer);
        }
    }
    if let Some(upload) = request.upload() {
        return request.admit(upload.limit).map(|()| Decision::Read);
    }
    request.admit(limits.body)?;
    match request.body_left() {
        Some(left) if left > SMALL && !server.bodies.has_room_for(left) => Err(SERVICE_UNAVAILABLE),
        _ => Ok(Decision::Read),
    }
}

/// Looks up the handler, once per request.
fn find(server: &HttpServer, request: &Request) -> Result<Found, Lack> {
    if server.routes.is_empty() {
        return Ok(Found::Nothing);
    }
    let found = route::look_up(&server.routes, request);
    request.set_found(found);
    found
}

/// Whether the handler may want the body.
fn is_wanted(server: &HttpServer, found: Result<Found, Lack>) -> bool {
    match found {
        Ok(Found::Route(handler)) => handler.takes_bodies(),
        Ok(Found::OtherMethods) | Err(Lack::NoMemory) => false,
        Ok(Found::Nothing) | Err(Lack::Malformed) => server.public.requestCallback.get().is_some(),
    }
}

/// The head callback for a request: the route's for all of its requests, the server's for requests with a body,
/// even an empty one.
fn hook_for(server: &HttpServer, found: Result<Found, Lack>, request: &Request) -> Hook {
    if let Ok(Found::Route(handler)) = found
        && handler.head().is_some()
    {
        return handler.head();
    }
    if request.announces_body() || is_for_bodies(request.method()) {
        return server.head.get();
    }
    Hook::NONE
}

/// Whether requests with this method usually have a body (RFC 9110, 9.3).
fn is_for_bodies(method: &[u8]) -> bool {
    !matches!(method, b"GET" | b"HEAD" | b"DELETE" | b"OPTIONS" | b"TRACE")
}

/// Whether the connection has to end after the response, because of the rest of the request's body.
pub fn ends_connection(input: &buffer, request: &Request) -> bool {
    if !request.has_more() {
        return false;
    }
    // A client that wasn't sent `100 Continue` need not send the body.
    let may_not_come = request.expects_continue() && input.readable() == 0;
    request.intake() == Intake::Refused || may_not_come || request.admit(DROPPED.body).is_err()
}

/// Drops the rest of the body of a request that was answered without ending the connection. Returns whether more
/// of it is to come.
pub fn drop_rest(request: &Request) -> bool {
    let more = request.has_more();
    if more {
        request.continued();
        request.set_intake(Intake::Dropped);
    }
    more
}
