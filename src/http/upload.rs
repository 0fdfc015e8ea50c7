//! Bodies that the program takes in parts, as they come. The parser stops behind a head, so that the program
//! can say where the body goes, and then behind each stretch of it, which is handed over where it lies in the
//! input: nothing is kept, however much there is.

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::Relaxed;

use super::limits::{ANY_LENGTH, Limits};
use super::output::Output;
use super::request::{self, Asked, Request};
use super::server;
use super::server_settings::usable;
use super::status::Status;
use crate::abi::types::{
    REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE, YOLANDA_HTTP_BODY_PART as PART, buffer,
    http_request, http_server, tcp_connection, yolanda_http_body_callback,
    yolanda_http_head_callback,
};
use crate::reactor::buffer::{read_at, readable};
use crate::reactor::tcp_connection::answering;
use crate::reactor::tcp_server::has_started;
use crate::sys::{errno, pool};

/// Whom to ask about bodies. It stays from before the server's start until its end.
pub(super) struct Hook {
    callback: yolanda_http_head_callback,
    data: *mut c_void,
}

/// Where a body goes.
pub(super) struct Upload {
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    /// Bytes that the body may have.
    pub(super) limit: u64,
    /// So many bytes at the front of the input have been parsed already.
    pub(super) part: usize,
    /// The final call was made, or has begun.
    is_over: bool,
}

/// What reading has come to.
pub(super) enum Read {
    /// The end of the request, or of the input.
    All,
    /// The program has stopped the reading.
    Held,
    /// The program has ended the connection.
    Gone,
}

pub(crate) unsafe extern "C" fn yolanda_http_server_set_head_callback(
    server: *mut http_server,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server; no other thread looks at the hook of one that hasn't started.
    unsafe {
        let Some(own) = usable("yolanda_http_server_set_head_callback", server) else {
            return -1;
        };
        if has_started((*server).tcpServer) {
            return errno::fail(libc::EBUSY);
        }
        let mut hook = null_mut();
        if callback.is_some() {
            hook = pool::alloc(size_of::<Hook>()).cast::<Hook>();
            if hook.is_null() {
                return errno::fail(libc::ENOMEM);
            }
            hook.write(Hook { callback, data });
        }
        free_hook(own.head.swap(hook, Relaxed));
        0
    }
}

/// Frees a server's hook.
///
/// # Safety
/// NULL, or what nobody looks at any more.
pub(super) unsafe fn free_hook(hook: *mut Hook) {
    if !hook.is_null() {
        // SAFETY: as said.
        unsafe { pool::free(hook.cast(), size_of::<Hook>()) };
    }
}

/// The request, if its head callback runs and hasn't decided on its body; else errno is set.
unsafe fn asked(what: &str, request: *mut http_request) -> Option<*mut Request> {
    if request.is_null() {
        log_err!("{}: no request", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: a live request of the library's making.
    match unsafe { request::asked(request.cast()) } {
        Asked::Now => return Some(request.cast()),
        Asked::No => errno::set(libc::EPERM),
        Asked::Refused(_) => errno::set(libc::EALREADY),
    }
    None
}

pub(crate) unsafe extern "C" fn yolanda_http_request_stream_body(
    httpRequest: *mut http_request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> c_int {
    // SAFETY: NULL or the caller's request; fresh memory is written at once.
    unsafe {
        let Some(request) = asked("yolanda_http_request_stream_body", httpRequest) else {
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
        upload.write(Upload { callback, data, limit, part: 0, is_over: false });
        request::set_upload(request, upload);
        0
    }
}

pub(crate) unsafe extern "C" fn yolanda_http_request_refuse(
    httpRequest: *mut http_request,
    status: c_int,
) -> c_int {
    // SAFETY: NULL or the caller's request.
    unsafe {
        let Some(request) = asked("yolanda_http_request_refuse", httpRequest) else {
            return -1;
        };
        if !(400..600).contains(&status) {
            return errno::fail(libc::EINVAL);
        }
        request::set_asked(request, Asked::Refused(status as Status));
        0
    }
}

pub(crate) unsafe extern "C" fn yolanda_http_request_stream_data(
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

/// Whether the request is the library's for now: a body is to come that goes to the program.
///
/// # Safety
/// `request` is a live request.
pub(super) unsafe fn is_coming(request: *mut Request) -> bool {
    // SAFETY: as said.
    unsafe {
        let upload = request::upload(request);
        request::asked(request) != Asked::No || !upload.is_null() && !(*upload).is_over
    }
}

/// Frees what a request has.
///
/// # Safety
/// NULL, or what its request doesn't point to any more.
pub(super) unsafe fn free(upload: *mut Upload) {
    if !upload.is_null() {
        // SAFETY: as said.
        unsafe { pool::free(upload.cast(), size_of::<Upload>()) };
    }
}

/// Reads a request of a server that has a head callback, and hands its body over if the program wants it so.
/// An error: what the request is refused with.
///
/// # Safety
/// A live connection on its thread, which is being served, its input and its request.
pub(super) unsafe fn read(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    limits: &Limits,
    out: &mut Output,
) -> Result<Read, Status> {
    // SAFETY: as said; all that a callback can change is looked at afresh behind it.
    unsafe {
        loop {
            let upload = request::upload(request);
            if !upload.is_null() {
                if answering::is_paused(conn) {
                    return Ok(Read::Held);
                }
                take(input, core::mem::replace(&mut (*upload).part, 0));
            }
            request::parse(input, request, limits)?;
            let mut verdict = Ok(());
            let halted = request::parser(request).is_halted();
            if !halted && request::state(request) == REQUEST_DONE {
                end(request, COMPLETE);
            } else if !halted {
                return Ok(Read::All);
            } else if upload.is_null() {
                // What was answered before doesn't wait for this body, nor end with it.
                out.flush();
                verdict = ask(conn, request, limits);
            } else {
                hand_over(input, request, upload);
            }
            if answering::is_closing(conn) || answering::is_ending(conn) {
                return Ok(Read::Gone);
            }
            verdict?;
            if !halted {
                return Ok(Read::All);
            }
        }
    }
}

/// Asks the program about the body of a request. An error: it doesn't want it, or it is too long.
unsafe fn ask(
    conn: *mut tcp_connection,
    request: *mut Request,
    limits: &Limits,
) -> Result<(), Status> {
    // SAFETY: the caller's objects; a connection keeps its server, and that its hook.
    unsafe {
        let hook = (*server::of(conn)).head.load(Relaxed);
        let (callback, data) = ((*hook).callback, (*hook).data);
        request::set_asked(request, Asked::Now);
        if let Some(callback) = callback {
            callback(request.cast(), data);
        }
        if let Asked::Refused(status) = request::set_asked(request, Asked::No) {
            return Err(status);
        }
        let upload = request::upload(request);
        let limit = if upload.is_null() { limits.body } else { (*upload).limit };
        request::parser(request).admit(limit)
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
    unsafe { (*input).readIndex += bytes.min(readable(input)) as c_int };
}

/// Makes the final call, unless there is none to make.
///
/// # Safety
/// `request` is a live request of a connection on its thread.
pub(super) unsafe fn end(request: *mut Request, event: c_int) {
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
