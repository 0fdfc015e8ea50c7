//! Deferred responses that are sent in parts: the head, the body piece by piece, the end.

use core::ffi::{c_int, c_void};
use core::sync::atomic::Ordering::Relaxed;

use super::{Deferred, given};
use crate::abi::types::http_response;
use crate::http::message::collected::Collected;
use crate::http::message::http_response as responses;
use crate::http::message::http_response::Form;
use crate::http::message::output::Output;
use crate::http::server::deferred::hold::Stage;
use crate::http::server::deferred::telling::look_for_stream;
use crate::http::server::sending;
use crate::http::wire::date;
use crate::http::wire::encode::{Body, Sink, chunk_line, is_bodiless};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::protocol::Tail;
use crate::reactor::tcp_connection::{is_open, send_bytes};
use crate::reactor::tcp_server::is_ending;
use crate::sys::{clock, errno};

/// How the body of a stream is told from what follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No head was sent yet.
    None,
    /// So many bytes are still to come.
    Length(u64),
    Chunked,
    UntilEnd,
    /// The answer to HEAD, or a status without a body: what is written is dropped.
    Dropped,
}

pub unsafe extern "C" fn yolanda_http_response_begin(
    httpResponse: *mut http_response,
    length: i64,
) -> c_int {
    let Some(deferred) = given("yolanda_http_response_begin", httpResponse) else {
        return -1;
    };
    // SAFETY: the program's deferred response, on the one thread that uses it now.
    unsafe {
        if (*deferred).hold.stage() != Stage::Owned {
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
        let date = date::text(clock::second());
        let form = Form { body: Some(body), date: Some(&date), close, head_only };
        let mut head = Collected::new();
        responses::encode_to(response, &form, &mut head);
        if endless && !Connection::from_c((*deferred).conn).set_tail(Tail::Unsent) {
            return errno::fail(libc::ENOMEM);
        }
        if send(deferred, &head) < 0 {
            if endless {
                Connection::from_c((*deferred).conn).set_tail(Tail::None);
            }
            return -1;
        }
        note_use(deferred);
        (*deferred).status.store(responses::status(response), Relaxed);
        (*deferred).closes = close;
        (*deferred).framing = if dropped { Framing::Dropped } else { framing };
        (*deferred).hold.begin();
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

pub unsafe extern "C" fn yolanda_http_response_write(
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
                chunk.put(line.get(..digits).unwrap_or(b""));
                chunk.put(core::slice::from_raw_parts(data.cast(), length));
                chunk.put(b"\r\n");
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
        look_for_stream(deferred);
    }
    0
}

/// Notes that something was sent.
unsafe fn note_use(deferred: *mut Deferred) {
    // SAFETY: as in `begin`.
    unsafe { (*deferred).used.store(clock::now_ms() as u32, Relaxed) };
}

/// Writes what is left to be written: all of the response, or the end of its stream. Whether the
/// connection ends behind it; None: the stream is broken off, so that it has to be cut.
///
/// # Safety
/// A deferred response that was given back, on its connection's thread.
pub unsafe fn write_end(
    deferred: *mut Deferred,
    date: &[u8; date::LENGTH],
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
            Framing::Chunked => Sink::put(out, b"0\r\n\r\n"),
            Framing::UntilEnd => {
                // There is room: it was made for the head.
                Connection::from_c((*deferred).conn).set_tail(Tail::Queued);
            }
            _ => (),
        }
        Some((*deferred).closes || is_ending((*deferred).conn) || last)
    }
}
