//! What the program is told of a deferred response, on the connection's thread: nothing once it has
//! given the response back, and of the connection's end once.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Deferred, given, release};
use crate::abi::types::{
    YOLANDA_HTTP_CLOSED as CLOSED, YOLANDA_HTTP_WRITABLE as WRITABLE, event_loop, http_response,
    yolanda_http_stream_callback,
};
use crate::reactor::pending;
use crate::reactor::tcp_connection::{answering, is_open};
use crate::sys::errno;

/// What the program knows of its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It hasn't ended.
    None,
    /// It has ended, and the program wasn't told.
    Due,
    Told,
}

/// Whom to tell.
pub(in crate::http) struct Telling {
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
    end: End,
    /// A look at the connection is on its way.
    looks: AtomicBool,
}

impl Telling {
    pub(super) fn new() -> Telling {
        Telling { callback: None, data: null_mut(), end: End::None, looks: AtomicBool::new(false) }
    }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_set_stream_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_set_stream_callback", httpResponse) else {
        return -1;
    };
    // SAFETY: the program's deferred response; only the connection's thread has its callback.
    unsafe {
        if !answering::is_own_thread((*deferred).conn) {
            return errno::fail(libc::EPERM);
        }
        (*deferred).telling.callback = callback;
        (*deferred).telling.data = data;
        look_soon(deferred);
    }
    0
}

/// Has the connection looked at, once for many writes.
///
/// # Safety
/// The program's deferred response, on the thread that uses it.
pub(super) unsafe fn look_soon(deferred: *mut Deferred) {
    // SAFETY: the program's hold keeps the response meanwhile; the look gets one of its own.
    unsafe {
        let telling = &raw mut (*deferred).telling;
        if (*telling).callback.is_none() || (*telling).looks.swap(true, Relaxed) {
            return;
        }
        let l = (*(*deferred).conn).eventLoop;
        if !(*deferred).hold.keep() {
            (*telling).looks.store(false, Relaxed);
        } else if pending::post_function(l, Some(on_look), deferred.cast()) < 0 {
            (*telling).looks.store(false, Relaxed);
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
        if (*deferred).telling.end == End::Due {
            tell(deferred, CLOSED);
        } else if is_open(conn) && answering::unsent(conn) == 0 {
            tell(deferred, WRITABLE);
        }
        release(deferred);
    }
}

/// All that was queued has been sent.
///
/// # Safety
/// The deferred response that a live connection waits for, on its thread.
pub(in crate::http) unsafe fn tell_writable(deferred: *mut Deferred) {
    // SAFETY: the connection's hold keeps the response while the connection waits for it.
    unsafe { tell(deferred, WRITABLE) }
}

/// The connection has ended.
///
/// # Safety
/// As `tell_writable`, once.
pub(in crate::http) unsafe fn tell_closed(deferred: *mut Deferred) {
    // SAFETY: the connection's hold keeps the response until `leave`; the field is its thread's.
    unsafe {
        (*deferred).telling.end = End::Due;
        tell(deferred, CLOSED);
    }
}

/// Calls the stream's callback, unless there is none or the response was given back.
unsafe fn tell(deferred: *mut Deferred, event: c_int) {
    // SAFETY: a deferred response on its connection's thread. The callback may send it, and run the loop
    // until it is finished with: it is kept meanwhile.
    unsafe {
        let Telling { callback: Some(callback), data, .. } = (*deferred).telling else { return };
        if !(*deferred).hold.keep() {
            return;
        }
        if (*deferred).hold.begin_call() {
            if event == CLOSED {
                (*deferred).telling.end = End::Told;
            }
            callback(deferred.cast(), event, data);
            (*deferred).hold.end_call();
        }
        release(deferred);
    }
}
