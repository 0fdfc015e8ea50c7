//! Responses that are given later, on whatever thread: whole, or in parts.
//!
//! A deferred response keeps its connection and its request. It is the program's until it is sent,
//! and freed on the connection's thread, whatever has become of the connection by then. The stream's
//! callback and the freeing come through the loop's queue, in the order of the calls.

use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use super::encode::{Body, chunk_line, is_bodiless};
use super::http_response::{self as responses, Form, Kind, Response};
use super::later;
use super::output::{Collected, Output};
use super::request::{self, Request};
use super::sending;
use super::status::Status;
use crate::abi::types::{
    YOLANDA_HTTP_WRITABLE as WRITABLE, event_loop, http_response, tcp_connection,
    yolanda_http_stream_callback,
};
use crate::reactor::tcp_connection::answering::{self, release, retain};
use crate::reactor::tcp_connection::{is_open, send_bytes};
use crate::reactor::tcp_server::is_ending;
use crate::reactor::{pass, pending};
use crate::sys::{errno, pool};

/// How the body of a stream is told from what follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// No head was sent yet.
    None,
    /// So many bytes are still to come.
    Length(u64),
    Chunked,
    UntilEnd,
    /// The answer to HEAD, or a status without a body: what is written is dropped.
    Dropped,
}

#[repr(C)]
pub(super) struct Deferred {
    pub(super) response: Response,
    conn: *mut tcp_connection,
    pub(super) request: *mut Request,
    head_only: bool,
    client_closes: bool,
    is_1_0: bool,
    /// The head that was sent said so.
    closes: bool,
    framing: Framing,
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
    /// A look at the queue is on its way.
    looks: AtomicBool,
    /// Something was sent; and when that last happened, the low bits of the clock's milliseconds.
    begun: AtomicBool,
    used: AtomicU32,
    /// What was sent: the status, 0 if none, and bytes of the body.
    status: AtomicU32,
    sent: AtomicU64,
}

/// What the callback's request says about its answer.
pub(super) struct Asked {
    pub(super) head_only: bool,
    pub(super) client_closes: bool,
    pub(super) is_1_0: bool,
}

/// Makes a response for later; NULL when memory is out.
///
/// # Safety
/// `conn` is a live connection on its thread, `request` its request.
pub(super) unsafe fn make(
    conn: *mut tcp_connection,
    request: *mut Request,
    asked: &Asked,
) -> *mut Deferred {
    // SAFETY: fresh memory is written before it is used.
    unsafe {
        let deferred: *mut Deferred = pool::alloc(size_of::<Deferred>()).cast();
        if deferred.is_null() || !retain(conn) {
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
        (*deferred).callback = None;
        (*deferred).data = null_mut();
        (*deferred).looks = AtomicBool::new(false);
        (*deferred).begun = AtomicBool::new(false);
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
    if unsafe { (*own).kind } != Kind::Deferred {
        errno::set(libc::EINVAL);
        return None;
    }
    Some(own.cast())
}

pub(crate) unsafe extern "C" fn yolanda_http_response_defer(
    httpResponse: *mut http_response,
) -> *mut http_response {
    if httpResponse.is_null() {
        log_err!("yolanda_http_response_defer: no response");
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: a response of the library's; one that is being served stands in its loop's scratch.
    unsafe {
        if (*httpResponse.cast::<Response>()).kind != Kind::Serving {
            errno::set(libc::EINVAL);
            return null_mut();
        }
        later::defer(httpResponse.cast()).cast()
    }
}

/// Frees a response that was sent, with its request.
unsafe fn free(deferred: *mut Deferred) {
    // SAFETY: nobody uses it any more; the request is its own.
    unsafe {
        responses::reset(&raw mut (*deferred).response);
        if !(*deferred).request.is_null() {
            request::free((*deferred).request);
        }
        let conn = (*deferred).conn;
        pool::free(deferred.cast(), size_of::<Deferred>());
        release(conn);
    }
}

/// Ends a deferred response: what the program set is sent, or the end of the stream.
unsafe extern "C-unwind" fn on_sent(_loop: *mut event_loop, data: *mut c_void) {
    let deferred: *mut Deferred = data.cast();
    // SAFETY: posted by `send`, after which nobody else uses it.
    unsafe {
        later::finish((*deferred).conn, deferred);
        free(deferred);
    }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_send(
    httpResponse: *mut http_response,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_send", httpResponse) else {
        return -1;
    };
    // SAFETY: the program's deferred response, which it gives up; it keeps its connection, and that
    // its loop's memory.
    unsafe {
        let conn = (*deferred).conn;
        let open = is_open(conn);
        if pending::post_function((*conn).eventLoop, Some(on_sent), deferred.cast()) < 0 {
            if errno::get() != libc::ENOMEM {
                // The loop was freed, and the connection has ended with it.
                free(deferred);
                errno::set(libc::ENOTCONN);
            }
            return -1;
        }
        if open { 0 } else { errno::fail(libc::ENOTCONN) }
    }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_is_open(
    httpResponse: *mut http_response,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_is_open", httpResponse) else {
        return -1;
    };
    // SAFETY: a deferred response keeps its connection.
    unsafe { c_int::from(is_open((*deferred).conn)) }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_queued(
    httpResponse: *mut http_response,
) -> usize {
    let Some(deferred) = given("yolanda_http_response_queued", httpResponse) else {
        return 0;
    };
    // SAFETY: as above.
    unsafe { answering::unsent((*deferred).conn) }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_begin(
    httpResponse: *mut http_response,
    length: i64,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_begin", httpResponse) else {
        return -1;
    };
    // SAFETY: the program's deferred response, on the one thread that uses it now.
    unsafe {
        if (*deferred).framing != Framing::None {
            return errno::fail(libc::EALREADY);
        }
        if length < -1 {
            return errno::fail(libc::EINVAL);
        }
        let response = &raw mut (*deferred).response;
        responses::complete(response);
        let (body, framing) = match u64::try_from(length) {
            Ok(length) => (Body::Length(length), Framing::Length(length)),
            Err(_) if (*deferred).is_1_0 => (Body::UntilEnd, Framing::UntilEnd),
            Err(_) => (Body::Chunked, Framing::Chunked),
        };
        let head_only = (*deferred).head_only;
        let dropped = head_only || is_bodiless(responses::status(response));
        let endless = framing == Framing::UntilEnd && !dropped;
        let close = (*deferred).client_closes || responses::asks_close(response) || endless;
        let date = super::date::text(super::scratch::second());
        let form = Form { body: Some(body), date: Some(&date), close, head_only };
        let mut head = Collected::new();
        responses::encode_to(response, &form, &mut head);
        if send(deferred, &head) < 0 {
            return -1;
        }
        note_use(deferred);
        (*deferred).status.store(responses::status(response), Relaxed);
        (*deferred).closes = close;
        (*deferred).framing = if dropped { Framing::Dropped } else { framing };
    }
    0
}

/// Sends what was collected: 0, or -1 with errno.
unsafe fn send(deferred: *mut Deferred, bytes: &Collected) -> c_int {
    let Some(bytes) = bytes.bytes() else {
        return errno::fail(libc::ENOMEM);
    };
    // SAFETY: a deferred response keeps its connection; any thread may send.
    let sent = unsafe { send_bytes((*deferred).conn, bytes.as_ptr(), bytes.len()) };
    if sent < 0 { -1 } else { 0 }
}

pub(crate) unsafe extern "C" fn yolanda_http_response_write(
    httpResponse: *mut http_response,
    data: *const c_void,
    length: usize,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_write", httpResponse) else {
        return -1;
    };
    if data.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: as in `begin`; `data` holds `length` bytes.
    unsafe {
        let conn = (*deferred).conn;
        if !is_open(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        let sent = match (*deferred).framing {
            Framing::None => return errno::fail(libc::EINVAL),
            _ if length == 0 => 0,
            Framing::Dropped => 0,
            Framing::Length(left) if length as u64 > left => return errno::fail(libc::EMSGSIZE),
            Framing::Length(_) | Framing::UntilEnd => {
                send_bytes(conn, data.cast(), length).min(0) as c_int
            }
            Framing::Chunked => {
                let mut line = [0; 20];
                let digits = chunk_line(length, &mut line);
                let mut chunk = Collected::new();
                chunk.add(line.get(..digits).unwrap_or(b""));
                chunk.add(core::slice::from_raw_parts(data.cast(), length));
                chunk.add(b"\r\n");
                send(deferred, &chunk)
            }
        };
        if sent < 0 {
            return -1;
        }
        if let Framing::Length(left) = (*deferred).framing {
            (*deferred).framing = Framing::Length(left - length as u64);
        }
        if (*deferred).framing != Framing::Dropped {
            (*deferred).sent.fetch_add(length as u64, Relaxed);
        }
        note_use(deferred);
        look_soon(deferred);
    }
    0
}

pub(crate) unsafe extern "C" fn yolanda_http_response_set_stream_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_set_stream_callback", httpResponse) else {
        return -1;
    };
    // SAFETY: as in `begin`; the connection's thread looks at it after this, through the queue.
    unsafe {
        if !answering::is_own_thread((*deferred).conn) {
            return errno::fail(libc::EPERM);
        }
        (*deferred).callback = callback;
        (*deferred).data = data;
        look_soon(deferred);
    }
    0
}

/// Has the queue looked at, once for many writes.
unsafe fn look_soon(deferred: *mut Deferred) {
    // SAFETY: as in `begin`; what is posted runs before what `send` posts later.
    unsafe {
        if (*deferred).callback.is_some() && !(*deferred).looks.swap(true, Relaxed) {
            let l = (*(*deferred).conn).eventLoop;
            if pending::post_function(l, Some(on_look), deferred.cast()) < 0 {
                (*deferred).looks.store(false, Relaxed);
            }
        }
    }
}

unsafe extern "C-unwind" fn on_look(_loop: *mut event_loop, data: *mut c_void) {
    let deferred: *mut Deferred = data.cast();
    // SAFETY: posted before the response is sent, so it is still there.
    unsafe {
        (*deferred).looks.store(false, Relaxed);
        let conn = (*deferred).conn;
        if is_open(conn) && answering::unsent(conn) == 0 {
            tell(deferred, WRITABLE);
        }
    }
}

/// Whether something of a response was sent.
///
/// # Safety
/// NULL, or a deferred response of a live connection, on its thread.
pub(super) unsafe fn has_begun(deferred: *mut Deferred) -> bool {
    // SAFETY: as said; the field is atomic.
    unsafe { !deferred.is_null() && (*deferred).begun.load(Relaxed) }
}

/// When something of a response was sent last; `otherwise` where nothing was.
///
/// # Safety
/// As `has_begun`.
pub(super) unsafe fn last_use(deferred: *mut Deferred, otherwise: u32) -> u32 {
    // SAFETY: as said; the fields are atomic.
    unsafe { if has_begun(deferred) { (*deferred).used.load(Relaxed) } else { otherwise } }
}

/// What was sent so far: the status, 0 if none, and bytes of the body.
///
/// # Safety
/// A deferred response of a live connection, on its thread.
pub(super) unsafe fn progress(deferred: *mut Deferred) -> (Status, u64) {
    // SAFETY: as said; the fields are atomic.
    unsafe { ((*deferred).status.load(Relaxed), (*deferred).sent.load(Relaxed)) }
}

/// Notes that something was sent.
unsafe fn note_use(deferred: *mut Deferred) {
    // SAFETY: as in `begin`.
    unsafe {
        (*deferred).used.store(pass::now_ms() as u32, Relaxed);
        (*deferred).begun.store(true, Relaxed);
    }
}

/// Tells the stream's callback.
///
/// # Safety
/// The deferred response of a live connection, on its thread.
pub(super) unsafe fn tell(deferred: *mut Deferred, event: c_int) {
    // SAFETY: as said; the callback may send it, which frees it later.
    unsafe {
        if let Some(callback) = (*deferred).callback {
            callback(deferred.cast(), event, (*deferred).data);
        }
    }
}

/// Writes what is left to be written: all of the response, or the end of its stream. Whether the
/// connection ends behind it; None: the stream is broken off, so that it has to be cut.
///
/// # Safety
/// As `tell`.
pub(super) unsafe fn write_end(
    deferred: *mut Deferred,
    date: &[u8; super::date::LENGTH],
    last: bool,
    out: &mut Output,
) -> Option<bool> {
    // SAFETY: as said.
    unsafe {
        let response = &raw mut (*deferred).response;
        match (*deferred).framing {
            Framing::None => {
                responses::complete(response);
                let close = (*deferred).client_closes
                    || responses::asks_close(response)
                    || is_ending((*deferred).conn)
                    || last;
                let head_only = (*deferred).head_only;
                let form = Form { body: None, date: Some(date), close, head_only };
                let sent = sending::write(response, &form, out);
                (*deferred).sent.store(sent, Relaxed);
                (*deferred).status.store(responses::status(response), Relaxed);
                return Some(close);
            }
            Framing::Length(left) if left > 0 => {
                log_err!("http response: {} bytes fewer than announced", left);
                return None;
            }
            Framing::Chunked => super::encode::Sink::put(out, b"0\r\n\r\n"),
            _ => (),
        }
        Some((*deferred).closes || is_ending((*deferred).conn) || last)
    }
}
