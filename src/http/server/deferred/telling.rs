//! What the program is told of a deferred response, on the connection's thread: that all was sent, that the
//! client has ended its side, that the connection has ended; nothing once it has given the response back.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Deferred, given, release};
use crate::abi::types::{
    YOLANDA_HTTP_CLOSED as CLOSED, YOLANDA_HTTP_HALF_CLOSED as HALF_CLOSED,
    YOLANDA_HTTP_WRITABLE as WRITABLE, event_loop, http_response, yolanda_http_closed_callback,
    yolanda_http_stream_callback,
};
use crate::reactor::event_loop::posts;
use crate::reactor::tcp_connection::{Connection, is_open};
use crate::sys::errno;

/// How far the connection's end has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum End {
    None,
    /// The client sends no more.
    Half,
    All,
}

/// One of the program's callbacks.
#[derive(Clone, Copy)]
struct Listener {
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
    /// What it was told of the end.
    told: End,
}

const NOBODY: Listener = Listener { callback: None, data: null_mut(), told: End::None };

/// Whom to tell, and of what. All but `looks` is the connection's thread's.
pub struct Telling {
    stream: Listener,
    closed: Listener,
    end: End,
    /// A look at the connection is on its way.
    looks: AtomicBool,
}

impl Telling {
    pub fn new() -> Telling {
        let looks = AtomicBool::new(false);
        Telling { stream: NOBODY, closed: NOBODY, end: End::None, looks }
    }
}

/// The deferred response of a call that only the connection's thread may make; else errno is set.
unsafe fn given_here(what: &str, response: *mut http_response) -> Option<*mut Deferred> {
    let deferred = given(what, response)?;
    // SAFETY: the program's hold keeps the response, and that its connection.
    if unsafe { !Connection::from_c((*deferred).conn).is_own_thread() } {
        errno::set(libc::EPERM);
        return None;
    }
    Some(deferred)
}

pub unsafe extern "C" fn yolanda_http_response_set_stream_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the program's deferred response, on the connection's thread, which alone has its callbacks.
    unsafe {
        let what = "yolanda_http_response_set_stream_callback";
        let Some(deferred) = given_here(what, httpResponse) else {
            return -1;
        };
        (*deferred).telling.stream.callback = callback;
        (*deferred).telling.stream.data = data;
        look_for_stream(deferred);
    }
    0
}

pub unsafe extern "C" fn yolanda_http_response_set_closed_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_closed_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the program's deferred response, on the connection's thread, which alone has its callbacks.
    unsafe {
        let what = "yolanda_http_response_set_closed_callback";
        let Some(deferred) = given_here(what, httpResponse) else {
            return -1;
        };
        (*deferred).telling.closed.callback = callback;
        (*deferred).telling.closed.data = data;
        if callback.is_some() {
            look_soon(deferred);
        }
    }
    0
}

/// Has the connection looked at, once for many writes, where there is a stream's callback.
///
/// # Safety
/// The program's deferred response, on the thread that uses it.
pub unsafe fn look_for_stream(deferred: *mut Deferred) {
    // SAFETY: the program's hold keeps the response meanwhile; who uses it has seen the callback set.
    unsafe {
        if (*deferred).telling.stream.callback.is_some() {
            look_soon(deferred);
        }
    }
}

unsafe fn look_soon(deferred: *mut Deferred) {
    // SAFETY: the caller has a hold on the response; the look gets one of its own.
    unsafe {
        let looks = &(*deferred).telling.looks;
        if looks.swap(true, Relaxed) {
            return;
        }
        let l = (*(*deferred).conn).eventLoop.get();
        if !(*deferred).hold.keep() {
            looks.store(false, Relaxed);
        } else if posts::post_function(l, Some(on_look), deferred.cast()) < 0 {
            looks.store(false, Relaxed);
            release(deferred);
        }
    }
}

unsafe extern "C-unwind" fn on_look(_loop: *mut event_loop, data: *mut c_void) {
    let deferred: *mut Deferred = data.cast();
    // SAFETY: `look_soon` posted it with a hold, which is given back here.
    unsafe {
        (*deferred).telling.looks.store(false, Relaxed);
        let conn = (*deferred).conn;
        if is_open(conn) && Connection::from_c(conn).unsent() == 0 {
            tell_writable(deferred);
        }
        note_half(deferred);
        tell_end(deferred);
        release(deferred);
    }
}

/// Looks whether the client has ended its side, for a program that wants to know.
unsafe fn note_half(deferred: *mut Deferred) {
    // SAFETY: the caller has a hold on the response, on the connection's thread.
    unsafe {
        let conn = (*deferred).conn;
        let telling = &raw mut (*deferred).telling;
        if (*telling).end == End::None
            && (*telling).closed.callback.is_some()
            && is_open(conn)
            && Connection::from_c(conn).peer_has_ended()
        {
            (*telling).end = End::Half;
        }
    }
}

/// Looks, where nobody reads and so nobody would see it, whether the client has ended its side. The program is
/// told by a task.
///
/// # Safety
/// The deferred response that a live connection waits for, on its thread.
pub unsafe fn look_for_end(deferred: *mut Deferred) {
    // SAFETY: the connection's hold keeps the response while the connection waits for it.
    unsafe {
        note_half(deferred);
        if (*deferred).telling.end > (*deferred).telling.closed.told {
            look_soon(deferred);
        }
    }
}

/// All that was queued has been sent.
///
/// # Safety
/// A deferred response that the caller, or the connection, has a hold on, on the connection's thread.
pub unsafe fn tell_writable(deferred: *mut Deferred) {
    // SAFETY: the hold keeps the response until it is kept for the call.
    unsafe { call(deferred, (*deferred).telling.stream, WRITABLE) }
}

/// The client has ended its side.
///
/// # Safety
/// As `tell_writable`.
pub unsafe fn tell_half_closed(deferred: *mut Deferred) {
    // SAFETY: the hold keeps the response for the calls; the field is the connection's thread's.
    unsafe {
        if (*deferred).telling.end == End::None {
            (*deferred).telling.end = End::Half;
        }
        tell_end(deferred);
    }
}

/// The connection has ended.
///
/// # Safety
/// As `tell_writable`.
pub unsafe fn tell_closed(deferred: *mut Deferred) {
    // SAFETY: the hold keeps the response for the calls; the field is the connection's thread's.
    unsafe {
        (*deferred).telling.end = End::All;
        tell_end(deferred);
    }
}

/// Tells those of the end who don't know it yet.
unsafe fn tell_end(deferred: *mut Deferred) {
    // SAFETY: the caller keeps the response. What a callback changes is read behind it.
    unsafe {
        let telling = &raw mut (*deferred).telling;
        if (*telling).end == End::All && due(&raw mut (*telling).stream, End::All) {
            call(deferred, (*telling).stream, CLOSED);
        }
        let end = (*telling).end;
        if due(&raw mut (*telling).closed, end) {
            call(deferred, (*telling).closed, if end == End::All { CLOSED } else { HALF_CLOSED });
        }
    }
}

/// Whether a callback is to be told that the end has come so far; it counts as told then.
unsafe fn due(listener: *mut Listener, end: End) -> bool {
    // SAFETY: a listener of a response that the caller keeps, on the connection's thread.
    unsafe {
        let due = (*listener).callback.is_some() && (*listener).told < end;
        if due {
            (*listener).told = end;
        }
        due
    }
}

/// Calls a callback, unless the response was given back.
unsafe fn call(deferred: *mut Deferred, listener: Listener, event: c_int) {
    let Some(callback) = listener.callback else { return };
    // SAFETY: the caller has a hold on the response. The callback may send it, and run the loop until it is
    // finished with: it is kept meanwhile.
    unsafe {
        if !(*deferred).hold.keep() {
            return;
        }
        if (*deferred).hold.begin_call() {
            callback(deferred.cast(), event, listener.data);
            (*deferred).hold.end_call();
        }
        release(deferred);
    }
}
