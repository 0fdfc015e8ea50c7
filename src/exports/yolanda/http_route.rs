use crate::abi::types::http_request;
use crate::abi::types::http_server;
use crate::abi::types::yolanda_http_handler;
use crate::exports::http_server::{status, usable};
use crate::http::route::named;
use crate::http::route::table::Wish;
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int, c_void};

/// Has requests of a method and a path answered by `handler` instead of the server's `requestCallback`.
///
/// `method`: such as "GET", compared exactly; NULL or "*" for any that has no route of its own there.
/// `pattern`: a path, such as "/users". A segment `:id` stands for any segment that isn't empty, as in
/// "/users/:id/posts/:post"; names are of letters, digits and `_`. A last segment `*` stands for the rest,
/// which may be empty: behind "/static/" all that begins so. yolanda_http_request_param() tells what they
/// stand for. Escapes mean what they mean in a URL: "/a%20b" and "/a b" are the same, "%2A" and "%3A" are
/// `*` and `:` themselves.
///
/// A path is cut at its slashes first and decoded then, so that "%2F" parts nothing. Upper and lower case,
/// and a slash at the end, make another path. A path with a segment "." or "..", escaped or behind "%2F" as
/// well, has no route: no parameter leads out of a folder.
///
/// Of several routes for a path, one without names comes before one with names, and that before one with `*`,
/// of which the one with more segments; then the one that is literal where they differ first. The order of
/// the calls doesn't matter.
///
/// The route is chosen when the head of a request is there. HEAD is answered by the route of GET, without
/// the body, unless it has its own. A path whose routes are all of other methods gets 405 with Allow, and
/// OPTIONS there 204 with Allow. What no route is for goes to the `requestCallback`; where that is NULL, it
/// gets 404, a malformed path ("%zz", "%00") 400, and `OPTIONS *` 204. Such answers don't wait for the
/// request's body: up to 256 KiB of it are read and dropped. If it is longer, or if the client waits for
/// `100 Continue` before it sends it, the connection ends.
///
/// `data` is handed to each call of `handler`, on several threads at once where the server has some. `destroy`,
/// which may be NULL, is called with it once, after the server and its last connection have been freed, on the
/// thread that lets go last. On failure nothing is taken.
///
/// Returns 0, or -1 with errno: EINVAL (NULL server, pattern or handler; a method that is no token, or
/// longer than 64 bytes; a pattern without a slash at its start, with an empty or repeated name, with `*`
/// elsewhere than as its last segment, or that no path can match), EEXIST (there is a route for this method
/// and the same paths), EBUSY (the server has been started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server; both texts are NULL or end with a NUL. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_route(
    server: *mut http_server,
    method: *const c_char,
    pattern: *const c_char,
    handler: yolanda_http_handler,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    // SAFETY: NULL or a live server; each text is NULL or ends with a NUL.
    unsafe {
        let Some(server) = usable("yolanda_http_server_route", server) else {
            return -1;
        };
        let (Some(method), Some(_), false) = (named(method), handler, pattern.is_null()) else {
            return errno::fail(libc::EINVAL);
        };
        let wish = Wish { handler, data, destroy, takes_bodies: true };
        status(server.add_route(method, text(pattern), wish))
    }
}

/// What a name in the pattern of the request's route stands for, decoded: "7" by "id" for "/users/7" and
/// "/users/:id". The rest that `*` stands for goes by "*". "%2F" is a slash here as any other: where that
/// matters, look at `url`.
///
/// Returns the text, which belongs to the request until that is reset, or NULL with errno: ENOENT where the
/// route has no such name, and without a route; EINVAL for NULL.
///
/// # Safety
/// As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_param(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_param)
}
