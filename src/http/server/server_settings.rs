//! What a program sets and asks of an HTTP server, and its end.

use core::ffi::c_int;
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::abi::types::{http_server, yolanda_http_stats};
use crate::http::server::server_state::HttpServer;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::tcp_server::{yolanda_server_free, yolanda_server_start};
use crate::sys::errno;

/// The server, if the calling thread is its loop's; else errno is set.
///
/// # Safety
/// `server` is NULL or a live server.
pub unsafe fn usable<'a>(what: &str, server: *mut http_server) -> Option<&'a HttpServer> {
    if server.is_null() {
        log_err!("{}: no server", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: a live server; what stands behind the public fields is atomic.
    unsafe {
        if !on_owner((*(*server).tcpServer.get()).eventLoop.get()) {
            errno::set(libc::EPERM);
            return None;
        }
        Some(&*server.cast::<HttpServer>())
    }
}

pub unsafe extern "C-unwind" fn yolanda_http_server_start(server: *mut http_server) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable("yolanda_http_server_start", server).is_none() {
            return -1;
        }
        yolanda_server_start((*server).tcpServer.get())
    }
}

pub unsafe extern "C-unwind" fn yolanda_http_server_free(server: *mut http_server) -> c_int {
    // SAFETY: NULL or a live server, whose memory goes with its TCP server's.
    unsafe {
        if usable("yolanda_http_server_free", server).is_none() {
            return -1;
        }
        yolanda_server_free((*server).tcpServer.get())
    }
}

pub unsafe extern "C" fn yolanda_http_server_set_deadlines(
    server: *mut http_server,
    idle_ms: i64,
    head_ms: i64,
    body_ms: i64,
    answer_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(own) = (unsafe { usable("yolanda_http_server_set_deadlines", server) }) else {
        return -1;
    };
    let d = &own.deadlines;
    let all = [
        (&d.idle, idle_ms),
        (&d.head, head_ms),
        (&d.body, body_ms),
        (&d.answer, answer_ms),
        (&d.write, write_ms),
    ];
    // Half the range of the clock's lower bits.
    if all.iter().any(|&(_, ms)| !(0..=i64::from(i32::MAX)).contains(&ms)) {
        return errno::fail(libc::EINVAL);
    }
    for (place, ms) in all {
        place.store(ms as u32, Relaxed);
    }
    0
}

pub unsafe extern "C" fn yolanda_http_server_set_limits(
    server: *mut http_server,
    line: usize,
    head: usize,
    headers: usize,
    body: usize,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(own) = (unsafe { usable("yolanda_http_server_set_limits", server) }) else {
        return -1;
    };
    let default = crate::http::wire::limits::Limits::DEFAULT;
    let l = &own.limits;
    let all: [(&AtomicU32, usize, usize); 4] = [
        (&l.line, line, default.line),
        (&l.head, head, default.head),
        (&l.headers, headers, default.headers),
        (&l.body, body, default.body as usize),
    ];
    // A buffer holds no more than an int says.
    if all.iter().any(|&(_, value, _)| value > (1 << 30)) {
        return errno::fail(libc::EINVAL);
    }
    for (place, value, default) in all {
        place.store(if value == 0 { default } else { value } as u32, Relaxed);
    }
    own.bodies.suit(l.body.load(Relaxed) as usize);
    0
}

pub unsafe extern "C" fn yolanda_http_server_set_max_body_memory(
    server: *mut http_server,
    bytes: usize,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(own) = (unsafe { usable("yolanda_http_server_set_max_body_memory", server) }) else {
        return -1;
    };
    own.bodies.set_most(bytes, own.limits.body.load(Relaxed) as usize);
    0
}

pub unsafe extern "C" fn yolanda_http_server_set_max_requests(
    server: *mut http_server,
    requests: c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    let Some(own) = (unsafe { usable("yolanda_http_server_set_max_requests", server) }) else {
        return -1;
    };
    let Ok(requests) = u32::try_from(requests) else {
        return errno::fail(libc::EINVAL);
    };
    own.max_requests.store(requests, Relaxed);
    0
}

pub unsafe extern "C" fn yolanda_http_server_get_stats(
    server: *mut http_server,
    stats: *mut yolanda_http_stats,
    size: usize,
) -> c_int {
    if server.is_null() {
        log_err!("yolanda_http_server_get_stats: no server");
        return errno::fail(libc::EINVAL);
    }
    if stats.is_null() || size == 0 {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live server, whose counts are atomic. Of the struct as much is written as there is.
    unsafe {
        let counts = &(*server.cast::<HttpServer>()).counts;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let [ok, elsewhere, client, server] = &counts.responses;
        let now = yolanda_http_stats {
            requests: read(&counts.requests),
            responses_2xx: read(ok),
            responses_3xx: read(elsewhere),
            responses_4xx: read(client),
            responses_5xx: read(server),
            timeouts: read(&counts.timeouts),
        };
        ptr::write_bytes(stats.cast::<u8>(), 0, size);
        let len = size.min(size_of::<yolanda_http_stats>());
        ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), stats.cast(), len);
    }
    0
}
