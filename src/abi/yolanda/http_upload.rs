use core::ffi::{c_char, c_int, c_void};

use crate::abi::http_request::http_request;
use crate::abi::http_server::http_server;

/// An event of yolanda_http_body_callback: here are the next bytes of the body.
pub const YOLANDA_HTTP_BODY_PART: c_int = 1;
/// An event of yolanda_http_body_callback, the last one: that was all of the body.
pub const YOLANDA_HTTP_BODY_COMPLETE: c_int = 2;
/// An event of yolanda_http_body_callback, the last one: the body isn't whole, and no more of it will come.
pub const YOLANDA_HTTP_BODY_CUT: c_int = 3;

/// Called on the connection's thread when the head of a request is there and a body follows; before
/// `100 Continue` is sent. It looks at the request, which has no body and no route's parameters yet, and may call
/// yolanda_http_request_stream_body() or yolanda_http_request_refuse(). Where it calls neither, the body is
/// collected within the server's limit, as without this callback. `data` is that of
/// yolanda_http_server_set_head_callback().
pub type yolanda_http_head_callback =
    Option<unsafe extern "C-unwind" fn(httpRequest: *mut http_request, data: *mut c_void)>;

/// Called on the connection's thread with a body as it comes, in parts of any size, without what chunks stand
/// in: YOLANDA_HTTP_BODY_PART with `length` bytes, 1 at least, which are good until it returns or runs the loop.
/// Then exactly once, whatever happens, the final call with NULL and 0: YOLANDA_HTTP_BODY_COMPLETE, or
/// YOLANDA_HTTP_BODY_CUT where the client has gone, is too slow, sends what is malformed or too much, where the
/// request was refused, or where the connection or the server is closed or freed. Behind a deadline's 408 it comes
/// when the connection has ended. Until then `data` has to stay; it is that of yolanda_http_request_stream_body().
pub type yolanda_http_body_callback = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        bytes: *const c_char,
        length: usize,
        event: c_int,
        data: *mut c_void,
    ),
>;

/// Has `callback` called for each request with a body (a Content-Length above 0, or chunks), so that it can say
/// where the body goes. NULL: not any more. Requests without a body don't know of it.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another thread,
/// ENOMEM.
///
/// # Safety
/// `server` is NULL or a server; `data` stays yours, and until the server's last connection has ended. Only on its
/// loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_server_set_head_callback(
    server: *mut http_server,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    jump_to!(crate::http::upload::yolanda_http_server_set_head_callback)
}

/// Has the body of a request given to `callback` in parts instead of being collected: of whatever size it is,
/// it needs no more memory than the server reads at once. Behind the whole body the requestCallback or the route
/// answers as usual, at once or later; for it yolanda_http_request_body() is empty, and
/// yolanda_http_request_stream_data() is `data`. Until the final call http_request_reset() does nothing.
///
/// `limit`: so many bytes may come, 0 stands for any number; the server's limit doesn't count. A longer body is
/// refused with 413 at once where its length is announced, otherwise at the first chunk beyond; either way the
/// final call says YOLANDA_HTTP_BODY_CUT.
///
/// A callback that can't take more for now calls yolanda_connection_pause() with
/// yolanda_http_request_connection(): it isn't called before yolanda_connection_resume(), but for the final call
/// where the connection ends. Meanwhile the client has to wait, and the deadline for bodies does as well.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM outside of the head callback of this request, EALREADY
/// (called before, or refused), ENOMEM. On failure `callback` isn't called.
///
/// # Safety
/// `httpRequest` is NULL or a request. Only on the connection's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_stream_body(
    httpRequest: *mut http_request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> c_int {
    jump_to!(crate::http::upload::yolanda_http_request_stream_body)
}

/// Refuses a request before its body is read: behind the head callback the client gets an error with this
/// `status`, and with its standard text as the body, no `100 Continue`, and the connection ends (RFC 9110, 10.1.1).
/// What it has sent of the body by then is dropped.
///
/// Returns 0, or -1 with errno: EINVAL for NULL and a status outside of 400 to 599, EPERM outside of the head
/// callback of this request, EALREADY (called before).
///
/// # Safety
/// As for yolanda_http_request_stream_body().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_refuse(
    httpRequest: *mut http_request,
    status: c_int,
) -> c_int {
    jump_to!(crate::http::upload::yolanda_http_request_refuse)
}

/// The `data` of yolanda_http_request_stream_body(), for who answers the request.
///
/// Returns the pointer, or NULL with errno: EINVAL for NULL, ENOENT where the body was collected or there is none.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_stream_data(
    httpRequest: *mut http_request,
) -> *mut c_void {
    jump_to!(crate::http::upload::yolanda_http_request_stream_data)
}
