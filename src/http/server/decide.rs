//! What becomes of a request when its head is there: who answers it, and whether anybody wants its body. What
//! nobody wants is answered before it is read.
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

/// What a head has come to.
pub enum Decision {
    /// The body is read, or there is none.
    Read,
    /// The request is answered as it stands.
    Answer,
    /// The program has ended the connection.
    Gone,
}

/// A shorter body needs no memory beside its request's.
const SMALL: u64 = 4096;

/// Decides about a request of which the head was read, or all of it. An error: what it is refused with. All that the
/// head callback can change is looked at afresh behind it.
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
        // What was answered before doesn't wait for this body, nor end with it.
        out.flush();
        if !more {
            // Who stops reading in the callback is called again with this byte when it goes on.
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

/// Looks up who answers, once.
fn find(server: &HttpServer, request: &Request) -> Result<Found, Lack> {
    if server.routes.is_empty() {
        return Ok(Found::Nothing);
    }
    let found = route::look_up(&server.routes, request);
    request.set_found(found);
    found
}

/// Whether who answers may want to have the body.
fn is_wanted(server: &HttpServer, found: Result<Found, Lack>) -> bool {
    match found {
        Ok(Found::Route(handler)) => handler.takes_bodies(),
        Ok(Found::OtherMethods) | Err(Lack::NoMemory) => false,
        Ok(Found::Nothing) | Err(Lack::Malformed) => server.public.requestCallback.get().is_some(),
    }
}

/// Who is to be asked about a request: the route's callback about all of its requests, the server's about those
/// with a body, if only an empty one.
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

/// Whether a request of the method has a body as a rule (RFC 9110, 9.3).
fn is_for_bodies(method: &[u8]) -> bool {
    !matches!(method, b"GET" | b"HEAD" | b"DELETE" | b"OPTIONS" | b"TRACE")
}

/// Whether a connection has to end behind the answer to a request, for the sake of what is missing of its body.
pub fn ends_connection(input: &buffer, request: &Request) -> bool {
    if !request.has_more() {
        return false;
    }
    // A client that was told no `100 Continue` needn't send the body.
    let may_not_come = request.expects_continue() && input.readable() == 0;
    request.intake() == Intake::Refused || may_not_come || request.admit(DROPPED.body).is_err()
}

/// The request was answered, and its connection doesn't end: of the rest of its body nothing is kept. Whether there
/// is more to come.
pub fn drop_rest(request: &Request) -> bool {
    let more = request.has_more();
    if more {
        request.continued();
        request.set_intake(Intake::Dropped);
    }
    more
}
