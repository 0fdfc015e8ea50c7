use crate::abi::types::http_request;
use crate::abi::types::http_response;
use crate::abi::types::http_server;
use crate::abi::types::{yolanda_http_body_callback, yolanda_http_head_callback};
use crate::exports::http_server::{status, usable};
use crate::http::message::head_hook::{self, Hook};
use crate::http::message::http_response::Response;
use crate::http::message::request::{self, Request};
use crate::http::message::upload::{self, Upload};
use crate::http::route::named;
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

/// The request of a call; None with EINVAL for NULL.
fn given(what: &str, request: *mut http_request) -> Option<*mut Request> {
    if request.is_null() {
        log_err!("{}: no request", what);
        errno::set(libc::EINVAL);
        return None;
    }
    Some(request.cast())
}

/// The upload of a call's request; None with EINVAL or ENOENT.
unsafe fn upload_of<'a>(what: &str, request: *mut http_request) -> Option<&'a Upload> {
    let request = given(what, request)?;
    // SAFETY: a live request of the library's making, which keeps its upload.
    let upload = unsafe { request::upload(request).as_ref() };
    if upload.is_none() {
        errno::set(libc::ENOENT);
    }
    upload
}

/// Refuses a call's request; None with errno.
unsafe fn refuse(what: &str, request: *mut http_request, status: c_int) -> Option<*mut Response> {
    let request = given(what, request)?;
    // SAFETY: a live request of the library's making.
    unsafe { head_hook::refuse(request, status) }.map_err(errno::set).ok()
}

/// Has `callback` called for each request that has a body, an empty one included, so that it can say where
/// the body goes. NULL: not any more.
///
/// These are the requests with a Content-Length or with chunks, and all those whose method isn't GET, HEAD,
/// DELETE, OPTIONS or TRACE. It isn't called for requests that the library answers itself (no handler for
/// the path or the method, a folder of yolanda_http_server_files()), nor for those of routes with a
/// callback of their own.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another thread,
/// ENOMEM.
///
/// # Safety
/// `server` is NULL or a server; `data` stays yours, and valid until the server's last connection has
/// ended. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_head_callback(
    server: *mut http_server,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_head_callback", server) }) else {
        return -1;
    };
    status(server.set_head_hook(callback, data))
}

/// Has `callback` called for each request of a route, with a body or without, instead of the server's own
/// callback. NULL: the server's counts.
///
/// `method` and `pattern` are those that the route was added with by yolanda_http_server_route(). HEAD goes
/// with GET here as well, unless it has a route of its own.
///
/// Returns 0, or -1 with errno: EINVAL (NULL server or pattern; what is no method or no pattern), ENOENT
/// (there is no such route), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server; both texts are NULL or end with a NUL. `data` stays yours, and valid until the
/// server's last connection has ended. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_route_head_callback(
    server: *mut http_server,
    method: *const c_char,
    pattern: *const c_char,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server; each text is NULL or ends with a NUL.
    unsafe {
        let Some(server) = usable("yolanda_http_server_set_route_head_callback", server) else {
            return -1;
        };
        let (Some(method), false) = (named(method), pattern.is_null()) else {
            return errno::fail(libc::EINVAL);
        };
        status(server.set_route_head(method, text(pattern), Hook { callback, data }))
    }
}

/// Has the body of a request given to `callback` in parts instead of being collected: of whatever size it
/// is, it needs no more memory than the server reads at once. After YOLANDA_HTTP_BODY_COMPLETE the
/// requestCallback or the route answers as usual, at once or later; for it yolanda_http_request_body() is
/// empty, and yolanda_http_request_stream_data() is `data`. An empty body has the final call and the
/// handler as well. Until the final call http_request_reset() does nothing.
///
/// If the connection ends during the final call or right after it, there is no handler: what `data` holds
/// is best freed by the callback of yolanda_http_request_set_stream_destroy().
///
/// `limit`: so many bytes may come, 0 stands for any number; the server's limit doesn't count. A longer body is
/// refused with 413 at once where its length is announced, otherwise at the first chunk beyond; either way the
/// final call says YOLANDA_HTTP_BODY_CUT.
///
/// A callback that can't take more for now calls yolanda_connection_pause() with
/// yolanda_http_request_connection(): it isn't called before yolanda_connection_resume(), but for the final
/// call where the connection ends. Meanwhile the client has to wait, and the deadline for bodies does as
/// well.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM outside of the head callback of this request, EALREADY
/// (called before, or refused), ENOMEM. On failure `callback` isn't called.
///
/// # Safety
/// `httpRequest` is NULL or a request. Only on the connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_stream_body(
    httpRequest: *mut http_request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> c_int {
    let Some(request) = given("yolanda_http_request_stream_body", httpRequest) else {
        return -1;
    };
    // SAFETY: a live request, on its connection's thread.
    status(unsafe { upload::stream(request, callback, data, limit) })
}

/// Has `destroy` called with the `data` of yolanda_http_request_stream_body() when the request is over,
/// exactly once: after the final call and the handler, and after yolanda_http_response_send() if the
/// handler deferred the response, whatever has become of the body, the answer and the connection. NULL: not
/// any more.
///
/// It is called on the connection's thread; for a deferred response whose loop was freed, on the thread
/// that sends it.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENOENT where the body isn't streamed.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_set_stream_destroy(
    httpRequest: *mut http_request,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    // SAFETY: NULL or a live request, on its connection's thread.
    let upload = unsafe { upload_of("yolanda_http_request_set_stream_destroy", httpRequest) };
    let Some(upload) = upload else { return -1 };
    upload.set_destroy(destroy);
    0
}

/// Refuses a request before its body is read: after the head callback the client gets an error with this
/// `status` and with its standard text as the body, and no `100 Continue` (RFC 9110, 10.1.1). The
/// connection ends, unless the request has no body; what the client has sent of it by then is dropped. No
/// handler is called.
///
/// Returns 0, or -1 with errno: EINVAL for NULL and a status outside of 400 to 599, EPERM outside of the head
/// callback of this request, EALREADY (called before).
///
/// # Safety
/// As for yolanda_http_request_stream_body().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_refuse(
    httpRequest: *mut http_request,
    status: c_int,
) -> c_int {
    // SAFETY: NULL or a live request, on its connection's thread.
    let refused = unsafe { refuse("yolanda_http_request_refuse", httpRequest, status) };
    if refused.is_some() { 0 } else { -1 }
}

/// Refuses a request as yolanda_http_request_refuse() does, with an answer of your own: headers, content
/// type and body may be set in the response, which is valid until the head callback returns. It can't be
/// deferred.
///
/// Returns the response, which has the status and its standard text, or NULL with errno as
/// yolanda_http_request_refuse().
///
/// # Safety
/// As for yolanda_http_request_stream_body().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_refuse_with(
    httpRequest: *mut http_request,
    status: c_int,
) -> *mut http_response {
    // SAFETY: NULL or a live request, on its connection's thread.
    let refused = unsafe { refuse("yolanda_http_request_refuse_with", httpRequest, status) };
    refused.unwrap_or(null_mut()).cast()
}

/// The `data` of yolanda_http_request_stream_body(), for who answers the request.
///
/// Returns the pointer, or NULL with errno: EINVAL for NULL, ENOENT where the body was collected or there
/// is none.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_request_stream_data(
    httpRequest: *mut http_request,
) -> *mut c_void {
    // SAFETY: NULL or a live request, on its connection's thread.
    let upload = unsafe { upload_of("yolanda_http_request_stream_data", httpRequest) };
    upload.map_or(null_mut(), Upload::data)
}
