use crate::abi::types::event_loop;
use crate::abi::types::yolanda_http_stats;
use crate::abi::types::{http_server, request_callback};
use crate::exports::http_server::{given, status, usable};
use crate::http::server::make;
use crate::http::server::server_settings::{DeadlineSet, LimitSet};
use crate::reactor::event_loop::create::mine;
use crate::sys::errno;
use core::ffi::{c_char, c_int};
use core::ptr;

/// Makes an HTTP server on an address, which is written as for yolanda_server_new(). The functions
/// yolanda_server_...() take its `tcpServer`, for instance to stop it: requests in flight are answered
/// then, with `Connection: close`.
///
/// Returns the server, to be released by yolanda_http_server_free() or with its loop, or NULL with errno as
/// yolanda_server_new().
///
/// # Safety
/// `eventLoop` is NULL or a loop; `address` is NULL or ends with a NUL. Only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    requestCallback: request_callback,
    threads: c_int,
) -> *mut http_server {
    // SAFETY: NULL or a live loop; the address is NULL or ends with a NUL.
    unsafe {
        if !mine("yolanda_http_server_new", eventLoop) {
            return ptr::null_mut();
        }
        make::on_address(eventLoop, address, requestCallback, threads)
    }
}

/// Starts a server, also one of http_server_new(), as yolanda_server_start() does.
///
/// Returns 0, or -1 with errno as yolanda_server_start(): EALREADY, ESHUTDOWN, EADDRINUSE, EMFILE, ENFILE,
/// ENOMEM, ENOSPC; EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_start(server: *mut http_server) -> c_int {
    // SAFETY: NULL or a live server.
    let server = unsafe { usable("yolanda_http_server_start", server) };
    server.map_or(-1, |server| server.start())
}

/// Frees a server, also one of http_server_new(), as yolanda_server_free() does with its TCP server: that
/// is freed as well, so call only one of the two. Responses that are still deferred have to be sent all the
/// same.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EDEADLK where the system
/// finds that one of its threads waits for the caller (as yolanda_server_free()).
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_free(server: *mut http_server) -> c_int {
    // SAFETY: NULL or a live server, which the caller gives up.
    unsafe {
        let server = usable("yolanda_http_server_free", server);
        server.map_or(-1, |server| server.free())
    }
}

/// Sets how long the server waits, in milliseconds; 0 waits for ever. The clock is looked at every now and
/// then, so a deadline may be late by a quarter of itself, by a second at most; it is never early. What the
/// client has sent in time counts, even if the server's thread was busy until the deadline was over.
///
/// `idle_ms`: for the next request on an open connection, or the first; it is closed then (75,000 without this
/// call, as the others 60,000).
/// `head_ms`: for request line and headers, from their first byte to their last: 408, and it closes.
/// `body_ms`: for the next bytes of a body: 408, and it closes. yolanda_http_server_set_body_rate() limits
/// the whole body.
/// `answer_ms`: for a deferred response, or its next part: 503, and it closes; once the response has begun,
/// it is cut off.
/// `write_ms`: for a client that takes nothing of what is queued for it: it is cut off.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, negative times or more than 24 days, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_deadlines(
    server: *mut http_server,
    idle_ms: i64,
    head_ms: i64,
    body_ms: i64,
    answer_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_deadlines", server) }) else {
        return -1;
    };
    status(server.set_deadlines(&DeadlineSet {
        idle: idle_ms,
        head: head_ms,
        body: body_ms,
        answer: answer_ms,
        write: write_ms,
    }))
}

/// Sets how fast the body of a request has to come; without this call 20,000 and 500 hold. Bytes are
/// counted as they are sent, chunk lines and trailers included.
///
/// `grace_ms`: how many milliseconds each body has before its rate counts.
/// `bytes_per_second`: for each so many bytes the client gets another second; 0: any rate will do, and
/// `grace_ms` has no effect. A client that sends faster gets ahead by the deadline for bodies
/// (yolanda_http_server_set_deadlines()) at most, or by `grace_ms` if that is longer.
///
/// A client that is slower gets 408, and the connection closes; the final call of a streamed body says so.
/// Time in which the program has stopped the reading doesn't count, nor do stretches of more than two
/// seconds in which the server's thread was busy. Bodies that have begun keep their `grace_ms`.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative number, more than 24 days, more than 4,294,967,295
/// bytes, a rate without `grace_ms`), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_body_rate(
    server: *mut http_server,
    grace_ms: i64,
    bytes_per_second: i64,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_body_rate", server) }) else {
        return -1;
    };
    status(server.set_body_rate(grace_ms, bytes_per_second))
}

/// Sets how large requests may be; 0 stands for the number that holds without this call.
///
/// `line`: bytes of the request line (8,192); 414 beyond.
/// `head`: bytes of request line, headers and trailers (65,536); 431 beyond.
/// `headers`: how many headers and trailers (1,000); 431 beyond.
/// `body`: bytes of the body (67,108,864); 413 beyond.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or more than 1 GiB, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_limits(
    server: *mut http_server,
    line: usize,
    head: usize,
    headers: usize,
    body: usize,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_limits", server) }) else {
        return -1;
    };
    status(server.set_limits(&LimitSet { line, head, headers, body }))
}

/// Sets how many bytes of request bodies the server may hold at once, over all connections and threads:
/// bodies that are being collected, and those of requests that aren't answered yet. Streamed bodies don't
/// count, nor do those of a few KiB that fit into the request itself. A body that doesn't fit is refused
/// with 503 and Retry-After, before it is sent if its length is announced; one that could never fit gets
/// 413.
///
/// 0, as without this call: 268,435,456, or as much as one body may have (yolanda_http_server_set_limits())
/// if that is more.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_max_body_memory(
    server: *mut http_server,
    bytes: usize,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_max_body_memory", server) })
    else {
        return -1;
    };
    server.set_max_body_memory(bytes);
    0
}

/// Sets after how many requests a connection is closed; 0, the default, sets no limit.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or a negative number, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_max_requests(
    server: *mut http_server,
    requests: c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_max_requests", server) }) else {
        return -1;
    };
    status(server.set_max_requests(requests))
}

/// Tells what a server has done: fills the `size` bytes of `stats`, sizeof(struct yolanda_http_stats) of the
/// program's header.
///
/// Returns 0, or -1 with EINVAL for NULL or a size of 0.
///
/// # Safety
/// `server` is NULL or a server; `stats` has `size` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_get_stats(
    server: *mut http_server,
    stats: *mut yolanda_http_stats,
    size: usize,
) -> c_int {
    // SAFETY: NULL or a live server, whose counts are atomic.
    let Some(server) = (unsafe { given("yolanda_http_server_get_stats", server) }) else {
        return -1;
    };
    if stats.is_null() || size == 0 {
        return errno::fail(libc::EINVAL);
    }
    let now = server.stats();
    let len = size.min(size_of::<yolanda_http_stats>());
    // SAFETY: `stats` has `size` bytes, of which no more are written than the struct has.
    unsafe {
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
