//! Routing: which of a server's handlers answers a request, and how the library answers if none does.

mod pattern;
pub mod table;

use crate::abi::types::request_callback;
use crate::http::message::collected::Collected;
use crate::http::message::handler::{Chosen, Found};
use crate::http::message::http_response::Response;
use crate::http::message::request::{Lack, Request};
use crate::http::route::table::{Match, Routes};
use crate::http::wire::encode::Sink;
use crate::http::wire::line::METHOD_MAX;
use crate::http::wire::scan::is_token;
use crate::http::wire::status::{
    BAD_REQUEST, METHOD_NOT_ALLOWED, NO_CONTENT, NO_MEMORY, NOT_FOUND, Status,
};
use crate::http::wire::url::has_dot_segment;

/// The method that a program passed; empty for any, None if it is invalid.
pub fn named(method: Option<&[u8]>) -> Option<&[u8]> {
    match method {
        None | Some(b"*") => Some(b""),
        Some(method) => (is_token(method) && method.len() <= METHOD_MAX).then_some(method),
    }
}

/// Looks up the handler for a request to a server with routes. Stores the parameters of the route in the request.
pub fn look_up(routes: &Routes, request: &Request) -> Result<Found, Lack> {
    let path = request.segments()?;
    if has_dot_segment(path) {
        return Ok(Found::Nothing);
    }
    match routes.find(request.method(), path) {
        Match::Route(pattern, route) => {
            request.capture(route.names(), |each| pattern.captures(path, each))?;
            Ok(Found::Route(Chosen::new(&route.handler)))
        }
        Match::OtherMethods => Ok(Found::OtherMethods),
        Match::Nothing => Ok(Found::Nothing),
    }
}

/// Answers a request with its route, the server's callback, or the library's own response. After calling the
/// program, nothing that it may have changed is used.
pub fn answer(routes: &Routes, callback: request_callback, request: &Request, response: &Response) {
    let found = request.found().unwrap_or_else(|| look_up(routes, request));
    let status = match found {
        Ok(Found::Route(handler)) => return handler.call(request, response),
        Ok(Found::OtherMethods) => other_methods(routes, request, response),
        Err(Lack::NoMemory) => NO_MEMORY,
        found => {
            if let Some(callback) = callback {
                // SAFETY: the program's callback gets what its header promises: a complete request, and a
                // response to fill in.
                unsafe { callback(request.as_c(), response.as_c()) };
                return;
            }
            match found {
                Err(_) => BAD_REQUEST,
                // The parser accepts `*` only for OPTIONS: a question about the server (RFC 9110, 9.3.7).
                Ok(_) if request.is_star() => NO_CONTENT,
                Ok(_) => NOT_FOUND,
            }
        }
    };
    response.set_standard(status);
}

/// The response for a path that has routes, but not for the request's method: it lists the methods (RFC 9110,
/// 9.3.7, 10.2.1 and 15.5.6). GET implies HEAD.
fn other_methods(routes: &Routes, request: &Request, response: &Response) -> Status {
    let Ok(path) = request.segments() else {
        return NO_MEMORY;
    };
    let has = |method: &[u8]| routes.methods(path).any(|one| one == method);
    let mut allow = Collected::new();
    for (i, method) in routes.methods(path).enumerate() {
        let before = || routes.methods(path).take(i);
        // The library answers OPTIONS if no route does, so OPTIONS is always listed, at the end.
        if method != b"OPTIONS" && !before().any(|earlier| earlier == method) {
            allow.put(method);
            allow.put(b", ");
        }
    }
    if has(b"GET") && !has(b"HEAD") {
        allow.put(b"HEAD, ");
    }
    allow.put(b"OPTIONS");
    let added = allow.bytes().and_then(|value| response.put_header(c"Allow", value));
    match added {
        None => NO_MEMORY,
        Some(()) if request.method() == b"OPTIONS" => NO_CONTENT,
        Some(()) => METHOD_NOT_ALLOWED,
    }
}
