//! The functions of yolanda.h for routes.

use crate::abi::types::http_request;
use crate::abi::types::http_server;
use crate::abi::types::yolanda_http_handler;
use crate::exports::http_server::{status, usable};
use crate::exports::yolanda::http_request::value_of;
use crate::http::message::handler::Wish;
use crate::http::message::request::Request;
use crate::http::route::named;
use crate::sys::errno;
use crate::sys::text::{optional, text};
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null;

/// Makes `handler`, instead of the server's `requestCallback`, answer the requests with a certain
/// method and path.
///
/// - `method`: for example "GET", compared exactly; NULL or "*" for every method that has no route of
///   its own for the path.
/// - `pattern`: a path such as "/users". A segment `:id` stands for any segment that isn't empty, as in
///   "/users/:id/posts/:post"; names consist of letters, digits and `_`. A last segment `*` stands for
///   the rest of the path, which may be empty: "/static/\*" matches everything that begins with
///   "/static/". yolanda_http_request_param() gets what they stand for. Escapes have the same meaning
///   as in a URL: "/a%20b" and "/a b" are the same, and "%2A" and "%3A" stand for a literal `*` and
///   `:`.
///
/// A path is split at its slashes first and decoded afterwards, so "%2F" doesn't separate segments.
/// Upper and lower case are different, and so are paths with and without a slash at the end. A path
/// with a segment "." or "..", even if it is escaped or follows a "%2F", matches no route, so no
/// parameter leads out of a folder.
///
/// If several routes match a path, one without names takes precedence over one with names, and that
/// over one with `*`; among the latter, the one with more segments takes precedence. Then the one that
/// is literal at the first difference takes precedence. The order of the calls doesn't matter.
///
/// The route is chosen when the head of a request has arrived. HEAD is answered by the route for GET,
/// without the body, unless it has its own. A path that has routes only for other methods gets 405
/// with Allow, and OPTIONS gets 204 with Allow. A request without a route goes to the
/// `requestCallback`; if that is NULL, it gets 404, a malformed path ("%zz", "%00") 400, and
/// `OPTIONS *` 204. Such responses don't wait for the body of the request: up to 256 KiB of it are read and
/// discarded. If it is longer, or if the client waits for `100 Continue` before it sends it, the
/// connection ends.
///
/// `data` is passed to each call of `handler`, on several threads at once if the server has threads.
/// `destroy`, which may be NULL, is called with it once, after the server and its last connection
/// have been freed, on the thread that releases the last reference. On failure it isn't called.
///
/// Returns 0, or -1 with errno: EINVAL (NULL server, pattern or handler; a method that isn't a token or
/// is longer than 64 bytes; a pattern that doesn't begin with a slash, has an empty or repeated name or
/// a `*` before its last segment, or can't match any path), EEXIST (there is already a route for this
/// method and the same paths), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Both texts are NULL or NUL-terminated
/// strings. Call it only on the thread of the server's loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_route(
    server: *mut http_server,
    method: *const c_char,
    pattern: *const c_char,
    handler: yolanda_http_handler,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    // SAFETY: by contract NULL or a live server, and texts that are NULL or NUL-terminated.
    unsafe {
        let Some(server) = usable("yolanda_http_server_route", server) else {
            return -1;
        };
        let (Some(method), Some(_), false) = (named(optional(method)), handler, pattern.is_null())
        else {
            return errno::fail(libc::EINVAL);
        };
        let wish = Wish { handler, data, destroy, takes_bodies: true };
        status(server.add_route(method, text(pattern), wish))
    }
}

/// Returns what a name in the pattern of the request's route stands for, decoded: for "/users/7" and
/// "/users/:id", "id" gives "7". The name "*" gives the rest that `*` stands for. "%2F" is a slash like
/// any other; if that matters, look at `url`.
///
/// The text belongs to the request until that is reset. Returns NULL with errno: ENOENT if the route
/// has no such name or the request has no route, EINVAL for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_param(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_param: no request", null());
    // SAFETY: by contract the name is NULL or NUL-terminated.
    unsafe { value_of(&request.captured(), name) }
}
