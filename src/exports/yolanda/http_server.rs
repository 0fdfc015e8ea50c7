//! The functions of yolanda.h for HTTP servers.

use crate::abi::types::TCPserver;
use crate::abi::types::event_loop;
use crate::abi::types::yolanda_http_stats;
use crate::abi::types::{http_server, request_callback};
use crate::exports::http_server::{given, status, usable};
use crate::http::server::make;
use crate::http::server::server_settings::{DeadlineSet, LimitSet};
use crate::sys::errno;
use crate::sys::text::optional;
use core::ffi::{c_char, c_int};
use core::ptr;

/// Makes an HTTP server on an address, in the format of yolanda_server_new(). The functions
/// yolanda_server_...() work on its `tcpServer`, for example to stop it; requests in progress are
/// then still answered, with `Connection: close`.
///
/// Returns the server, or NULL with errno like yolanda_server_new(). It is freed by
/// yolanda_http_server_free() or with its loop.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
/// Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    requestCallback: request_callback,
    threads: c_int,
) -> *mut http_server {
    let l = own_loop!(eventLoop, "yolanda_http_server_new", ptr::null_mut());
    // SAFETY: by contract the address is NULL or NUL-terminated.
    let address = unsafe { optional(address) };
    let Some(address) = address.filter(|_| threads >= 0) else {
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    };
    match make::on_address(l, address, requestCallback, threads) {
        Ok(server) => server.as_ptr().cast(),
        Err(error) => {
            errno::set(error);
            ptr::null_mut()
        }
    }
}

/// Starts a server, also one of http_server_new(), like yolanda_server_start().
///
/// Returns 0, or -1 with errno like yolanda_server_start(): EALREADY, ESHUTDOWN, EADDRINUSE, EMFILE,
/// ENFILE, ENOMEM, ENOSPC; EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_start(server: *mut http_server) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let server = unsafe { usable("yolanda_http_server_start", server) };
    server.map_or(-1, |server| status(server.start()))
}

/// Returns the TCP server that an HTTP server uses: what the functions yolanda_server_...() take. It
/// is freed with the HTTP server.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_tcp_server(
    server: *mut http_server,
) -> *mut TCPserver {
    non_null!(server, "yolanda_http_server_tcp_server: no server", ptr::null_mut()).tcpServer.get()
}

/// Frees a server, also one of http_server_new(). It frees the server's `tcpServer` like
/// yolanda_server_free(), so call only one of the two. Responses that are still deferred must be sent
/// all the same.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EDEADLK if the system detects
/// that one of its threads is waiting for the caller (see yolanda_server_free()).
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. It must not be used again. Call it only on its
/// loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_server_free(server: *mut http_server) -> c_int {
    // SAFETY: by contract NULL or a live server, which the caller doesn't use afterwards.
    unsafe {
        let server = usable("yolanda_http_server_free", server);
        server.map_or(-1, |server| status(server.free()))
    }
}

/// Sets the server's deadlines, in milliseconds; 0 means no limit. Deadlines are checked
/// periodically, so one may be late by up to a quarter of its length, and by no more than a second;
/// it is never early. Bytes that the client has sent in time count, even if the server's thread was
/// busy until the deadline.
///
/// - `idle_ms`: for the first or next request on an open connection; then the connection is closed. The
///   default is 75,000; for the others it is 60,000.
/// - `head_ms`: for request line and headers, from the first byte to the last; then the client gets
///   408, and the connection is closed.
/// - `body_ms`: for the next bytes of a body; then the client gets 408, and the connection is closed.
///   yolanda_http_server_set_body_rate() limits the time for the whole body.
/// - `answer_ms`: for a deferred response, or its next part; then the client gets 503, and the
///   connection is closed. A response that has begun is aborted.
/// - `write_ms`: for a client that receives nothing of what is queued for it; then the connection is
///   aborted.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, negative times or more than 24 days, EPERM on another
/// thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_deadlines(
    server: *mut http_server,
    idle_ms: i64,
    head_ms: i64,
    body_ms: i64,
    answer_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
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

/// Sets how fast the body of a request must arrive; the defaults are 20,000 and 500. Bytes are counted
/// as they are sent, including chunk lines and trailers.
///
/// - `grace_ms`: how many milliseconds each body has before its rate counts.
/// - `bytes_per_second`: the rate: that many bytes give the client another second. 0 turns the check
///   off, and `grace_ms` then has no effect. A client that sends faster can get ahead by the deadline
///   for bodies (yolanda_http_server_set_deadlines()) at most, or by `grace_ms` if that is longer.
///
/// A client that is slower gets 408, and the connection is closed; a streamed body gets its final call.
/// Time during which the program has paused reading doesn't count, nor do periods of more than two
/// seconds during which the server's thread was busy. Bodies that have begun keep their `grace_ms`.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative number, more than 24 days, more than
/// 4,294,967,295 bytes, a rate without `grace_ms`), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_body_rate(
    server: *mut http_server,
    grace_ms: i64,
    bytes_per_second: i64,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_body_rate", server) }) else {
        return -1;
    };
    status(server.set_body_rate(grace_ms, bytes_per_second))
}

/// Sets how large requests may be; 0 stands for the default, which is given in parentheses.
///
/// - `line`: bytes of the request line (8,192); a longer one gets 414.
/// - `head`: bytes of request line, headers and trailers (65,536); more get 431.
/// - `headers`: the number of headers and trailers (1,000); more get 431.
/// - `body`: bytes of the body (67,108,864); more get 413.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or more than 1 GiB, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_limits(
    server: *mut http_server,
    line: usize,
    head: usize,
    headers: usize,
    body: usize,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_limits", server) }) else {
        return -1;
    };
    status(server.set_limits(&LimitSet { line, head, headers, body }))
}

/// Sets how many bytes of request bodies the server may hold at once, on all connections and threads
/// together: bodies that are being collected, and those of unanswered requests. Streamed bodies don't
/// count, nor do those of a few KiB that fit into the request itself. A body that doesn't fit is
/// refused with 503 and Retry-After, before it is sent if its length is announced; one that could never
/// fit gets 413.
///
/// 0 stands for the default: 268,435,456, or the limit for a single body
/// (yolanda_http_server_set_limits()) if that is larger.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_max_body_memory(
    server: *mut http_server,
    bytes: usize,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_max_body_memory", server) })
    else {
        return -1;
    };
    server.set_max_body_memory(bytes);
    0
}

/// Sets after how many requests a connection is closed; 0, the default, means no limit.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or a negative number, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_set_max_requests(
    server: *mut http_server,
    requests: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_set_max_requests", server) }) else {
        return -1;
    };
    status(server.set_max_requests(requests))
}

/// Writes the server's counters into `stats`, at most `size` bytes: pass sizeof(struct
/// yolanda_http_stats).
///
/// Returns 0, or -1 with errno EINVAL for NULL or a size of 0.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `stats` is NULL or has room for `size` bytes.
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_get_stats(
    server: *mut http_server,
    stats: *mut yolanda_http_stats,
    size: usize,
) -> c_int {
    // SAFETY: by contract NULL or a live server, whose counters are atomic.
    let Some(server) = (unsafe { given("yolanda_http_server_get_stats", server) }) else {
        return -1;
    };
    if stats.is_null() || size == 0 {
        return errno::fail(libc::EINVAL);
    }
    let now = server.stats();
    let len = size.min(size_of::<yolanda_http_stats>());
    // SAFETY: by contract `stats` has `size` bytes, and no more than the struct's size are written.
    unsafe {
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
