use crate::abi::types::http_server;
use crate::abi::types::{yolanda_http_access, yolanda_http_access_callback};
use crate::exports::http_server::{status, usable};
use core::ffi::{c_char, c_int, c_void};

/// Has `callback` called once for each response, those of the library itself (400, 404, 408, 503 ...) among
/// them, after the connection has been given all of it, or a large file has been sent; an interim 100 isn't
/// one. A deferred response that can't be sent because the client has gone, or whose stream is broken off,
/// has its entry when the connection ends, with `cut`; so have those that a deadline has the library give
/// (408, 503). What is outstanding when the server is freed may have none. NULL: not any more.
///
/// The callback may do what a request callback may, but for the response. Without one no time is taken.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another thread,
/// ENOMEM.
///
/// # Safety
/// `server` is NULL or a server; `data` stays yours. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_access_log(
    server: *mut http_server,
    callback: yolanda_http_access_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_access_log", server) }) else {
        return -1;
    };
    status(server.set_access_log(callback, data))
}

/// Writes an entry as a line of the Combined Log Format, without a line end; its part before the last two
/// texts is the Common Log Format:
///
/// `192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326 "http://b/" "an agent"`
///
/// The time is when the request came, in UTC; `-` stands for what isn't there. As Apache does it, quotes and
/// backslashes stand behind a backslash, and all that isn't printable ASCII is written as `\xhh`: whatever a
/// client sends, the line stays one line.
///
/// Returns the length of the line, as snprintf() does: with `size` or more there was no room for all of it, and
/// `buffer` holds its beginning and a NUL. -1 with EINVAL for NULL (`buffer` may be NULL where `size` is 0),
/// EOVERFLOW for more than INT_MAX bytes.
///
/// # Safety
/// `entry` is NULL or the entry of a callback that hasn't returned; `buffer` has `size` bytes. Any thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_access_line(
    entry: *const yolanda_http_access,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    jump_to!(crate::http::access::yolanda_http_access_line)
}
