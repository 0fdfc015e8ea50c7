//! The functions of yolanda.h for the access log.

use crate::abi::types::http_server;
use crate::abi::types::{yolanda_http_access, yolanda_http_access_callback};
use crate::exports::http_server::{status, usable};
use crate::http::access::line::{Bounded, Line};
use crate::sys::errno;
use crate::sys::text::{optional, text};
use core::ffi::{c_char, c_int, c_void};

/// Sets a function that is called once for each response, including those of the library itself (400,
/// 404, 408, 503 ...), when all of it has been passed to the connection, or, for a large file, when
/// it has been sent. An interim 100 doesn't count. NULL: none.
///
/// If a deferred response can't be sent because the client has gone, or if its stream is aborted, its
/// entry is reported when the connection ends, with `cut` set. The same applies to responses that the
/// library sends because of a deadline (408, 503). Responses that are outstanding when the server is
/// freed may have no entry.
///
/// The callback may do anything that a request callback may do, except with the response. Without a
/// callback, no times are measured.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EBUSY (the server has been started), EPERM on another
/// thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `data` remains yours. Call it only on the
/// thread of the server's loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_access_log(
    server: *mut http_server,
    callback: yolanda_http_access_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_access_log", server) }) else {
        return -1;
    };
    status(server.set_access_log(callback, data))
}

/// Writes an entry as a line in the Combined Log Format, without a newline. Without the last two
/// fields it is the Common Log Format:
///
/// `192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.1" 200 2326 "http://b/" "an agent"`
///
/// The time is the arrival of the request, in UTC; `-` stands for a missing part. As in Apache,
/// quotes and backslashes are preceded by a backslash, and everything that isn't printable ASCII is
/// written as `\xhh`, so a line always remains a single line, whatever a client sends.
///
/// Returns the length of the line, like snprintf(): if it is `size` or more, the line didn't fit, and
/// `buffer` holds its beginning and a NUL. -1 with errno: EINVAL for NULL (`buffer` may be NULL if
/// `size` is 0), EOVERFLOW for more than INT_MAX bytes.
///
/// # Safety
/// `entry` is NULL or the entry of a callback that hasn't returned. `buffer` has room for `size` bytes.
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_access_line(
    entry: *const yolanda_http_access,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    if entry.is_null() || (buffer.is_null() && size > 0) {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: by contract a live entry, whose texts are NULL or NUL-terminated.
    let line = unsafe {
        let entry = &*entry;
        Line {
            peer: text(entry.peer),
            method: optional(entry.method),
            url: text(entry.url),
            version: text(entry.version),
            second: entry.began_us.div_euclid(1_000_000),
            status: entry.status,
            bytes: entry.body_bytes,
            referer: optional(entry.referer),
            agent: optional(entry.user_agent),
        }
    };
    let room = match size {
        0 => &mut [],
        // SAFETY: by contract the buffer has `size` bytes.
        _ => unsafe { core::slice::from_raw_parts_mut(buffer.cast(), size) },
    };
    let mut out = Bounded::new(room);
    line.write(&mut out);
    c_int::try_from(out.end()).unwrap_or_else(|_| errno::fail(libc::EOVERFLOW))
}
