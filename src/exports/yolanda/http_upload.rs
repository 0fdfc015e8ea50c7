//! The functions of yolanda.h for request bodies.

use crate::abi::types::http_request;
use crate::abi::types::http_response;
use crate::abi::types::http_server;
use crate::abi::types::{yolanda_http_body_callback, yolanda_http_head_callback};
use crate::exports::http_server::{status as result, usable};
use crate::http::message::head_hook::Hook;
use crate::http::message::http_response::Response;
use crate::http::message::request::Request;
use crate::http::message::upload::Upload;
use crate::http::route::named;
use crate::sys::errno;
use crate::sys::text::{optional, text};
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

/// The request of a parameter; None with EINVAL for NULL.
///
/// # Safety
/// `request` is NULL or a live request.
unsafe fn given<'a>(what: &str, request: *mut http_request) -> Option<&'a Request> {
    if request.is_null() {
        log_err!("{}: no request", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: by contract a live request of the library, which isn't freed during the program's call.
    Some(unsafe { Request::from_c(request) })
}

/// The upload of a request; None with ENOENT.
fn upload_of(request: &Request) -> Option<&Upload> {
    let upload = request.upload();
    if upload.is_none() {
        errno::set(libc::ENOENT);
    }
    upload
}

/// Sets a function that is called for each request with a body, even an empty one, and decides what
/// happens to the body. NULL: none.
///
/// A request has a body if it has a Content-Length, if it uses chunks, or if its method isn't GET,
/// HEAD, DELETE, OPTIONS or TRACE. The function isn't called for requests that the library answers
/// itself (no handler for the path or the method, a folder of yolanda_http_server_files()), nor for
/// those of routes with a head callback of their own.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another
/// thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `data` remains yours and must be valid until
/// the server's last connection has ended. Call it only on the thread of the server's loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_head_callback(
    server: *mut http_server,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_head_callback", server) }) else {
        return -1;
    };
    result(server.set_head_hook(callback, data))
}

/// Sets a function that is called for each request of a route, with or without a body, instead of the
/// server's own head callback. NULL: the server's is used.
///
/// `method` and `pattern` are those of the route's yolanda_http_server_route() call. HEAD belongs to
/// GET here too, unless it has a route of its own.
///
/// Returns 0, or -1 with errno: EINVAL (NULL server or pattern; an invalid method or pattern), ENOENT
/// (there is no such route), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Both texts are NULL or NUL-terminated
/// strings. `data` remains yours and must be valid until the server's last connection has ended. Call
/// it only on the thread of the server's loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_route_head_callback(
    server: *mut http_server,
    method: *const c_char,
    pattern: *const c_char,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: by contract NULL or a live server, and texts that are NULL or NUL-terminated.
    unsafe {
        let Some(server) = usable("yolanda_http_server_set_route_head_callback", server) else {
            return -1;
        };
        let (Some(method), false) = (named(optional(method)), pattern.is_null()) else {
            return errno::fail(libc::EINVAL);
        };
        result(server.set_route_head(method, text(pattern), Hook { callback, data }))
    }
}

/// Passes the body of a request to `callback` in parts instead of collecting it. A body of any size
/// then needs no more memory than the server reads at once. After YOLANDA_HTTP_BODY_COMPLETE the
/// requestCallback or the route answers as usual, at once or later; yolanda_http_request_body() is
/// empty there, and yolanda_http_request_stream_data() returns `data`. For an empty body the final
/// call and the handler are called too. Until the final call, http_request_reset() does nothing.
///
/// If the connection ends during the final call or right after it, the handler isn't called. So free
/// the resources of `data` in the callback of yolanda_http_request_set_stream_destroy().
///
/// `limit`: the maximum length of the body in bytes; 0: no limit. The server's limit doesn't apply. A
/// longer body is refused with 413: at once if its length is announced, otherwise at the first chunk
/// beyond the limit. In both cases the final call is YOLANDA_HTTP_BODY_CUT.
///
/// A callback that can't take more at the moment calls yolanda_connection_pause() with
/// yolanda_http_request_connection(): it isn't called again before yolanda_connection_resume(),
/// except for the final call if the connection ends. During the pause the client has to wait, and the
/// deadline for bodies doesn't run.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM outside the head callback of this request,
/// EALREADY (already called, or the request was refused), ENOMEM. On failure `callback` isn't called.
///
/// # Safety
/// `httpRequest` is NULL or the request of a head callback that hasn't returned. `data` must be valid
/// until the final call. Call it only on the connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_stream_body(
    httpRequest: *mut http_request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> c_int {
    // SAFETY: by contract NULL or a live request, on its connection's thread.
    let request = unsafe { given("yolanda_http_request_stream_body", httpRequest) };
    request.map_or(-1, |request| result(request.stream_body(callback, data, limit)))
}

/// Sets a function, `destroy`, that is called with the `data` of yolanda_http_request_stream_body()
/// when the request is over. It is called exactly once, whatever happens to the body, the response and
/// the connection: after the final call and the handler, and after yolanda_http_response_send() if the
/// handler deferred the response. NULL: none.
///
/// It is called on the connection's thread; for a deferred response whose loop has been freed, on the
/// thread that sends it.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENOENT if the body isn't streamed.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_set_stream_destroy(
    httpRequest: *mut http_request,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    // SAFETY: by contract NULL or a live request, on its connection's thread.
    let request = unsafe { given("yolanda_http_request_set_stream_destroy", httpRequest) };
    let Some(upload) = request.and_then(upload_of) else {
        return -1;
    };
    upload.set_destroy(destroy);
    0
}

/// Refuses a request before its body is read: after the head callback the client gets an error with
/// this `status` and its standard text as the body, and no `100 Continue` (RFC 9110, 10.1.1). The
/// connection ends, unless the request has no body; the part of the body that the client has already
/// sent is discarded. No handler is called.
///
/// Returns 0, or -1 with errno: EINVAL for NULL and a status outside 400 to 599, EPERM outside the head
/// callback of this request, EALREADY (already called).
///
/// # Safety
/// `httpRequest` is NULL or the request of a head callback that hasn't returned. Call it only on the
/// connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_refuse(
    httpRequest: *mut http_request,
    status: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a live request, on its connection's thread.
    let request = unsafe { given("yolanda_http_request_refuse", httpRequest) };
    request.map_or(-1, |request| result(request.refuse(status).map(|_| ())))
}

/// Refuses a request like yolanda_http_request_refuse(), with a response of your own: set headers,
/// content type and body in the returned response, which is valid until the head callback returns. It
/// can't be deferred.
///
/// Returns the response, which has the status and its standard text, or NULL with errno like
/// yolanda_http_request_refuse().
///
/// # Safety
/// `httpRequest` is NULL or the request of a head callback that hasn't returned. Call it only on the
/// connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_refuse_with(
    httpRequest: *mut http_request,
    status: c_int,
) -> *mut http_response {
    // SAFETY: by contract NULL or a live request, on its connection's thread.
    let request = unsafe { given("yolanda_http_request_refuse_with", httpRequest) };
    let refused = request.and_then(|request| request.refuse(status).map_err(errno::set).ok());
    refused.map_or(null_mut(), Response::as_c)
}

/// Returns the `data` of yolanda_http_request_stream_body(), for the handler that answers the request.
/// It stays yours.
///
/// Returns NULL with errno: EINVAL for NULL, ENOENT if the body was collected or there is none.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_stream_data(
    httpRequest: *mut http_request,
) -> *mut c_void {
    // SAFETY: by contract NULL or a live request, on its connection's thread.
    let request = unsafe { given("yolanda_http_request_stream_data", httpRequest) };
    request.and_then(upload_of).map_or(null_mut(), Upload::data)
}
