//! Responses that are given later, on whatever thread: whole, or in parts.
//!
//! A deferred response keeps its connection and its request. It is the program's until that gives it
//! back; `hold` says how far it is, and who needs its memory. What the program is told comes from
//! `telling`, what it sends in parts goes through `parts`.

mod hold;
mod parts;
mod telling;

use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::later;
use crate::abi::types::{event_loop, http_response, tcp_connection};
use crate::http::message::http_response as responses;
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::request;
use crate::http::message::request::Request;
use crate::http::server::deferred::hold::{Hold, Stage};
use crate::http::server::deferred::parts::Framing;
pub use crate::http::server::deferred::parts::write_end;
pub use crate::http::server::deferred::parts::{
    yolanda_http_response_begin, yolanda_http_response_write,
};
pub use crate::http::server::deferred::telling::{
    Telling, look_for_end, tell_closed, tell_half_closed, tell_writable,
};
pub use crate::http::server::deferred::telling::{
    yolanda_http_response_set_closed_callback, yolanda_http_response_set_stream_callback,
};
use crate::http::wire::status::Status;
use crate::reactor::event_loop::posts;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::is_open;
use crate::reactor::tcp_connection::lifecycle::close;
use crate::sys::{errno, pool};

#[repr(C)]
pub struct Deferred {
    pub response: Response,
    conn: *mut tcp_connection,
    pub request: *mut Request,
    head_only: bool,
    client_closes: bool,
    is_1_0: bool,
    /// The head that was sent said so.
    closes: bool,
    framing: Framing,
    hold: Hold,
    telling: Telling,
    /// When something was sent last: the low bits of the clock's milliseconds.
    used: AtomicU32,
    /// What was sent: the status, 0 if none, and bytes of the body.
    status: AtomicU32,
    sent: AtomicU64,
}

/// What the callback's request says about its answer.
pub struct Asked {
    pub head_only: bool,
    pub client_closes: bool,
    pub is_1_0: bool,
}

/// Makes a response for later; NULL when memory is out.
///
/// # Safety
/// `conn` is a live connection on its thread, `request` its request.
pub unsafe fn make(
    conn: *mut tcp_connection,
    request: *mut Request,
    asked: &Asked,
) -> *mut Deferred {
    // SAFETY: fresh memory is written before it is used.
    unsafe {
        let deferred: *mut Deferred = pool::alloc(size_of::<Deferred>()).cast();
        if deferred.is_null() || !Connection::from_c(conn).refs.retain() {
            if !deferred.is_null() {
                pool::free(deferred.cast(), size_of::<Deferred>());
            }
            return null_mut();
        }
        responses::init(&raw mut (*deferred).response, Kind::Deferred);
        (*deferred).conn = conn;
        (*deferred).request = request;
        (*deferred).head_only = asked.head_only;
        (*deferred).client_closes = asked.client_closes;
        (*deferred).is_1_0 = asked.is_1_0;
        (*deferred).closes = false;
        (*deferred).framing = Framing::None;
        (&raw mut (*deferred).hold).write(Hold::new());
        (&raw mut (*deferred).telling).write(Telling::new());
        (*deferred).used = AtomicU32::new(0);
        (*deferred).status = AtomicU32::new(0);
        (*deferred).sent = AtomicU64::new(0);
        deferred
    }
}

/// The deferred response of a public call; None with EINVAL for another one.
fn given(what: &str, response: *mut http_response) -> Option<*mut Deferred> {
    if response.is_null() {
        log_err!("{}: no response", what);
        errno::set(libc::EINVAL);
        return None;
    }
    let own: *mut Response = response.cast();
    // SAFETY: only the library makes responses; a deferred one stands at the start of its Deferred.
    if unsafe { (*own).kind() } != Kind::Deferred {
        errno::set(libc::EINVAL);
        return None;
    }
    Some(own.cast())
}

pub unsafe extern "C" fn yolanda_http_response_defer(
    httpResponse: *mut http_response,
) -> *mut http_response {
    if httpResponse.is_null() {
        log_err!("yolanda_http_response_defer: no response");
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: a response of the library's; one that is being served stands in its loop's scratch.
    unsafe {
        if (*httpResponse.cast::<Response>()).kind() != Kind::Serving {
            errno::set(libc::EINVAL);
            return null_mut();
        }
        later::defer(httpResponse.cast()).cast()
    }
}

/// Gives one hold on the response back. The last frees it, with its request, on whatever thread.
unsafe fn release(deferred: *mut Deferred) {
    // SAFETY: the hold is the caller's; behind the last nobody has the response. The request is its own.
    unsafe {
        if (*deferred).hold.release() {
            free(deferred);
        }
    }
}

/// The connection doesn't wait for the response any more, and doesn't know it from now on.
///
/// # Safety
/// Once, on the connection's thread.
pub unsafe fn leave(deferred: *mut Deferred) {
    // SAFETY: as in `release`; `make` gave the connection a hold of its own.
    unsafe {
        if (*deferred).hold.leave() {
            free(deferred);
        }
    }
}

unsafe fn free(deferred: *mut Deferred) {
    // SAFETY: nobody has it any more; its reference has kept the connection.
    unsafe {
        responses::reset(&raw mut (*deferred).response);
        if !(*deferred).request.is_null() {
            request::free((*deferred).request);
        }
        let conn = (*deferred).conn;
        pool::free(deferred.cast(), size_of::<Deferred>());
        close::release(conn.cast());
    }
}

/// Ends a deferred response: what the program set is sent, or the end of the stream.
unsafe extern "C-unwind" fn on_sent(_loop: *mut event_loop, data: *mut c_void) {
    let deferred: *mut Deferred = data.cast();
    // SAFETY: `send` posted it with the program's hold, which is given back here.
    unsafe {
        later::finish((*deferred).conn, deferred);
        release(deferred);
    }
}

pub unsafe extern "C" fn yolanda_http_response_send(httpResponse: *mut http_response) -> c_int {
    let Some(deferred) = given("yolanda_http_response_send", httpResponse) else {
        return -1;
    };
    // SAFETY: the program's deferred response, which it gives up; it keeps its connection, and that
    // its loop's memory.
    unsafe {
        let conn = (*deferred).conn;
        if (*deferred).hold.stage() == Stage::GivenBack {
            return errno::fail(libc::EINVAL);
        }
        // First the memory: what was given back isn't taken again.
        let task = posts::for_function(Some(on_sent), deferred.cast());
        if task.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        (*deferred).hold.give_back();
        if !Connection::from_c(conn).is_own_thread() {
            (*deferred).hold.wait_for_calls();
        }
        let open = is_open(conn);
        if posts::post_made((*conn).eventLoop.get(), task) < 0 {
            // The loop ends, and the connection with it.
            release(deferred);
            return errno::fail(libc::ENOTCONN);
        }
        if open { 0 } else { errno::fail(libc::ENOTCONN) }
    }
}

pub unsafe extern "C" fn yolanda_http_response_is_open(httpResponse: *mut http_response) -> c_int {
    let Some(deferred) = given("yolanda_http_response_is_open", httpResponse) else {
        return -1;
    };
    // SAFETY: a deferred response keeps its connection.
    unsafe { c_int::from(is_open((*deferred).conn)) }
}

pub unsafe extern "C" fn yolanda_http_response_queued(httpResponse: *mut http_response) -> usize {
    let Some(deferred) = given("yolanda_http_response_queued", httpResponse) else {
        return 0;
    };
    // SAFETY: as above.
    unsafe { Connection::from_c((*deferred).conn).unsent() }
}

/// Whether something of a response was sent.
///
/// # Safety
/// NULL, or a deferred response of a live connection, on its thread.
pub unsafe fn has_begun(deferred: *mut Deferred) -> bool {
    // SAFETY: as said; the field is atomic.
    unsafe { !deferred.is_null() && (*deferred).hold.stage() == Stage::Begun }
}

/// When something of a response was sent last; `otherwise` where nothing was.
///
/// # Safety
/// As `has_begun`.
pub unsafe fn last_use(deferred: *mut Deferred, otherwise: u32) -> u32 {
    // SAFETY: as said; the fields are atomic.
    unsafe { if has_begun(deferred) { (*deferred).used.load(Relaxed) } else { otherwise } }
}

/// What was sent so far: the status, 0 if none, and bytes of the body.
///
/// # Safety
/// A deferred response of a live connection, on its thread.
pub unsafe fn progress(deferred: *mut Deferred) -> (Status, u64) {
    // SAFETY: as said; the fields are atomic.
    unsafe { ((*deferred).status.load(Relaxed), (*deferred).sent.load(Relaxed)) }
}
