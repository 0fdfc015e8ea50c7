//! Bodies that the program takes in parts, as they come. The parser stops behind a head, so that the program
//! can say where the body goes, and then behind each stretch of it, which is handed over where it lies in the
//! input: nothing is kept, however much there is.

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::Relaxed;

use super::intake;
use super::server_state;
use crate::abi::types::{
    REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE, YOLANDA_HTTP_BODY_PART as PART, buffer,
    http_request, tcp_connection, yolanda_http_body_callback,
};
use crate::http::message::http_response::Response;
use crate::http::message::output::Output;
use crate::http::message::request;
use crate::http::message::request::{Intake, Request};
use crate::http::route::table::Destroy;
use crate::http::server::head::asked;
use crate::http::server::intake::Next;
use crate::http::wire::limits::{ANY_LENGTH, Limits};
use crate::http::wire::status::Status;
use crate::reactor::buffer::{read_at, readable};
use crate::reactor::tcp_connection::protocol;
use crate::sys::{errno, pool};

/// Where a body goes.
pub struct Upload {
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    /// Called with `data` when the request is over.
    destroy: Destroy,
    /// Bytes that the body may have.
    pub limit: u64,
    /// So many bytes at the front of the input have been parsed already.
    pub part: usize,
    /// The final call was made, or has begun.
    is_over: bool,
}

/// What reading has come to.
pub enum Read {
    /// The end of the request, or of the input.
    All,
    /// As much of the request as is needed to answer it.
    Answer,
    /// The program has stopped the reading.
    Held,
    /// The program has ended the connection.
    Gone,
}

pub unsafe extern "C" fn yolanda_http_request_stream_body(
    httpRequest: *mut http_request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> c_int {
    // SAFETY: NULL or the caller's request; fresh memory is written at once.
    unsafe {
        let Some((request, _)) = asked("yolanda_http_request_stream_body", httpRequest) else {
            return -1;
        };
        if callback.is_none() {
            return errno::fail(libc::EINVAL);
        }
        if !request::upload(request).is_null() {
            return errno::fail(libc::EALREADY);
        }
        let upload: *mut Upload = pool::alloc(size_of::<Upload>()).cast();
        if upload.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        let limit = if limit == 0 { ANY_LENGTH } else { limit.min(ANY_LENGTH) };
        upload.write(Upload { callback, data, destroy: None, limit, part: 0, is_over: false });
        request::set_upload(request, upload);
        0
    }
}

pub unsafe extern "C" fn yolanda_http_request_set_stream_destroy(
    httpRequest: *mut http_request,
    destroy: Destroy,
) -> c_int {
    if httpRequest.is_null() {
        log_err!("yolanda_http_request_set_stream_destroy: no request");
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the caller's request.
    unsafe {
        let upload = request::upload(httpRequest.cast());
        if upload.is_null() {
            return errno::fail(libc::ENOENT);
        }
        (*upload).destroy = destroy;
    }
    0
}

pub unsafe extern "C" fn yolanda_http_request_stream_data(
    httpRequest: *mut http_request,
) -> *mut c_void {
    if httpRequest.is_null() {
        log_err!("yolanda_http_request_stream_data: no request");
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: the caller's request.
    unsafe {
        let upload = request::upload(httpRequest.cast());
        if upload.is_null() {
            errno::set(libc::ENOENT);
            return null_mut();
        }
        (*upload).data
    }
}

/// Whether the request is the library's for now: a body is to come, to the program or to nobody.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_coming(request: *mut Request) -> bool {
    // SAFETY: as said.
    unsafe {
        let upload = request::upload(request);
        matches!(request::intake(request), Intake::Asked(_) | Intake::Refused)
            || !upload.is_null() && !(*upload).is_over
            || !request::connection(request).is_null() && request::has_more(request)
    }
}

/// Frees what a request has, and tells the program that it needs its data no more.
///
/// # Safety
/// NULL, or what its request doesn't point to any more. The callback may do what a handler may.
pub unsafe fn free(upload: *mut Upload) {
    if !upload.is_null() {
        // SAFETY: as said.
        unsafe {
            let (destroy, data) = ((*upload).destroy, (*upload).data);
            pool::free(upload.cast(), size_of::<Upload>());
            if let Some(destroy) = destroy {
                destroy(data);
            }
        }
    }
}

/// Reads a request, has it decided what becomes of its body, and hands that over if the program wants it so. An
/// error: what the request is refused with.
///
/// # Safety
/// A live connection on its thread, which is being served, its input and its request; the response is the
/// loop's, and empty.
pub unsafe fn read(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    response: *mut Response,
    limits: &Limits,
    out: &mut Output,
) -> Result<Read, Status> {
    // SAFETY: as said; all that a callback can change is looked at afresh behind it.
    unsafe {
        let asks = (*server_state::of(conn)).asks.load(Relaxed);
        loop {
            let upload = request::upload(request);
            if !upload.is_null() {
                if protocol::is_paused(conn) {
                    return Ok(Read::Held);
                }
                take(input, core::mem::replace(&mut (*upload).part, 0));
            }
            request::parse(input, request, limits)?;
            let halted = request::parser(request).is_halted();
            let done = request::state(request) == REQUEST_DONE;
            if (halted || done && asks) && request::intake(request) == Intake::Open {
                match intake::decide(input, conn, request, response, limits, out)? {
                    Next::Read => continue,
                    Next::Answer => return Ok(Read::Answer),
                    Next::Gone => return Ok(Read::Gone),
                }
            }
            if halted {
                hand_over(input, request, upload);
            } else if done {
                end(request, COMPLETE);
            }
            if !upload.is_null() && (protocol::is_closing(conn) || protocol::is_ending(conn)) {
                return Ok(Read::Gone);
            }
            if !halted {
                return Ok(Read::All);
            }
        }
    }
}

/// Gives the program the part of the body that the input begins with. Its last byte stays there, so that
/// there is something to go on with for a program that stops the reading and begins it again.
unsafe fn hand_over(input: *mut buffer, request: *mut Request, upload: *mut Upload) {
    // SAFETY: the part lies in the input. The request keeps its upload until the final call.
    unsafe {
        let Upload { callback, data, part, .. } = *upload;
        let bytes: *const c_char = read_at(input).cast();
        if let Some(callback) = callback {
            callback(request.cast(), bytes, part, PART, data);
        }
        take(input, part.saturating_sub(1));
        (*upload).part = part.min(1);
    }
}

/// Drops bytes at the front of the input. A loop that ran within a callback may have dropped all of them.
unsafe fn take(input: *mut buffer, bytes: usize) {
    // SAFETY: a live buffer; what is readable is a c_int.
    unsafe {
        (*input).readIndex.set((*input).readIndex.get() + bytes.min(readable(input)) as c_int)
    };
}

/// Makes the final call, unless there is none to make.
///
/// # Safety
/// `request` is a live request of a connection on its thread.
pub unsafe fn end(request: *mut Request, event: c_int) {
    // SAFETY: as said; nothing of the upload is looked at behind the call.
    unsafe {
        let upload = request::upload(request);
        if upload.is_null() || core::mem::replace(&mut (*upload).is_over, true) {
            return;
        }
        let (callback, data) = ((*upload).callback, (*upload).data);
        if let Some(callback) = callback {
            callback(request.cast(), null(), 0, event, data);
        }
    }
}
