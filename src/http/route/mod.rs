//! Which of a server's handlers answers a request, and what is answered where none does.

mod pattern;
pub mod table;

use core::ffi::c_char;

use crate::abi::types::request_callback;
use crate::http::message::collected::Collected;
use crate::http::message::http_response::{Response, set_standard};
use crate::http::message::request;
use crate::http::message::request::{Lack, Request};
use crate::http::message::response_setters::yolanda_http_response_add_header;
use crate::http::route::table::{Found, Pattern, Wish, captures, find, methods};
use crate::http::wire::encode::Sink;
use crate::http::wire::line::METHOD_MAX;
use crate::http::wire::scan::is_token;
use crate::http::wire::status::{
    BAD_REQUEST, METHOD_NOT_ALLOWED, NO_CONTENT, NO_MEMORY, NOT_FOUND, Status,
};
use crate::http::wire::url::has_dot_segment;
use crate::sys::text::text;

/// The method that a program names, empty for any; None for what is no method.
///
/// # Safety
/// NULL or a C string, which stays as it is while the result is used.
pub unsafe fn named<'a>(method: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: NULL or a C string, which stays as it is while the result is used.
    let method = if method.is_null() { b"*" } else { unsafe { text(method) } };
    match method {
        b"*" => Some(b""),
        _ if is_token(method) && method.len() <= METHOD_MAX => Some(method),
        _ => None,
    }
}

/// What answers a request that a server with routes has been sent. The parameters of a route are
/// from now on those of the request.
///
/// # Safety
/// `first` is the table of a live server, `request` a live request.
pub unsafe fn look_up(first: *mut Pattern, request: *mut Request) -> Result<Found, Lack> {
    // SAFETY: as said; nothing of the program runs meanwhile.
    unsafe {
        let path = request::segments(request)?;
        if has_dot_segment(path) {
            return Ok(Found::Nothing);
        }
        let found = find(first, request::method(request), path);
        if let Found::Route(pattern, route) = found {
            let all = |each: &mut dyn FnMut(&[u8])| captures(pattern, path, each);
            request::capture(request, (*route).names, all)?;
        }
        Ok(found)
    }
}

/// Has a request answered by its route, else by the server's callback, else by the library.
///
/// # Safety
/// `first` is the table of a live server; request and response are those of `exchange`, which looks at
/// the connection afterwards.
pub unsafe fn answer(
    first: *mut Pattern,
    callback: request_callback,
    request: *mut Request,
    response: *mut Response,
) {
    // SAFETY: as said; what the program changes isn't used after its call.
    unsafe {
        let found = request::found(request).unwrap_or_else(|| look_up(first, request));
        let status = match found {
            Ok(Found::Route(_, route)) => {
                let Wish { handler, data, .. } = (*route).wish;
                if let Some(handler) = handler {
                    handler(request.cast(), response.cast(), data);
                }
                return;
            }
            Ok(Found::OtherMethods) => other_methods(first, request, response),
            Err(Lack::NoMemory) => NO_MEMORY,
            found => {
                if let Some(callback) = callback {
                    callback(request.cast(), response.cast());
                    return;
                }
                match found {
                    Err(_) => BAD_REQUEST,
                    // The parser lets `*` pass for OPTIONS alone: it asks about the server (RFC 9110, 9.3.7).
                    Ok(_) if request::is_star(request) => NO_CONTENT,
                    Ok(_) => NOT_FOUND,
                }
            }
        };
        set_standard(response, status);
    }
}

/// The answer where a path has routes, but not of the request's method: which ones it has (RFC 9110,
/// 9.3.7, 10.2.1 and 15.5.6). HEAD goes with GET.
unsafe fn other_methods(
    first: *mut Pattern,
    request: *mut Request,
    response: *mut Response,
) -> Status {
    // SAFETY: as in `answer`; the table stays as it is.
    unsafe {
        let Ok(path) = request::segments(request) else {
            return NO_MEMORY;
        };
        let has = |method: &[u8]| methods(first, path).any(|one| one == method);
        let mut allow = Collected::new();
        for (i, method) in methods(first, path).enumerate() {
            let before = || methods(first, path).take(i);
            // That of OPTIONS is the library's own, where there is none: it comes last.
            if method != b"OPTIONS" && !before().any(|earlier| earlier == method) {
                allow.put(method);
                allow.put(b", ");
            }
        }
        if has(b"GET") && !has(b"HEAD") {
            allow.put(b"HEAD, ");
        }
        allow.put(b"OPTIONS\0");
        let text = allow.bytes();
        let value: *const c_char = text.map_or(core::ptr::null(), |text| text.as_ptr().cast());
        let name = c"Allow".as_ptr();
        if value.is_null() || yolanda_http_response_add_header(response.cast(), name, value) < 0 {
            return NO_MEMORY;
        }
        if request::method(request) == b"OPTIONS" { NO_CONTENT } else { METHOD_NOT_ALLOWED }
    }
}
