//! The program's look at a request whose head is there, before anything of the body is read: it says where the
//! body goes, or refuses it.

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::{http_request, http_response, http_server, yolanda_http_head_callback};
use crate::http::message::http_response::{Response, set_standard};
use crate::http::message::request;
use crate::http::message::request::{Intake, Request};
use crate::http::route;
use crate::http::server::server_settings::usable;
use crate::http::wire::status::Status;
use crate::reactor::tcp_server::has_started;
use crate::sys::{errno, pool};

/// Whom to ask. It stays from before the server's start until its end.
#[derive(Clone, Copy)]
pub struct Hook {
    callback: yolanda_http_head_callback,
    data: *mut c_void,
}

impl Hook {
    pub const NONE: Hook = Hook { callback: None, data: null_mut() };

    pub fn is_some(&self) -> bool {
        self.callback.is_some()
    }
}

pub unsafe extern "C" fn yolanda_http_server_set_head_callback(
    server: *mut http_server,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server; no other thread looks at the hook of one that hasn't started.
    unsafe {
        let Some(own) = usable("yolanda_http_server_set_head_callback", server) else {
            return -1;
        };
        if has_started((*server).tcpServer.get()) {
            return errno::fail(libc::EBUSY);
        }
        let mut hook = null_mut();
        if callback.is_some() {
            hook = pool::alloc(size_of::<Hook>()).cast::<Hook>();
            if hook.is_null() {
                return errno::fail(libc::ENOMEM);
            }
            hook.write(Hook { callback, data });
            own.asks.store(true, Relaxed);
        }
        free(own.head.swap(hook, Relaxed));
        0
    }
}

pub unsafe extern "C" fn yolanda_http_server_set_route_head_callback(
    server: *mut http_server,
    method: *const c_char,
    pattern: *const c_char,
    callback: yolanda_http_head_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server, on its thread; NULL or C strings.
    unsafe {
        let Some(own) = usable("yolanda_http_server_set_route_head_callback", server) else {
            return -1;
        };
        match route::set_head(own, method, pattern, Hook { callback, data }) {
            Ok(()) => 0,
            Err(error) => errno::fail(error),
        }
    }
}

/// Frees a server's hook.
///
/// # Safety
/// NULL, or what nobody looks at any more.
pub unsafe fn free(hook: *mut Hook) {
    if !hook.is_null() {
        // SAFETY: as said; it came from the pools.
        unsafe { pool::free(hook.cast(), size_of::<Hook>()) };
    }
}

/// The hook of a server; none where it has none.
///
/// # Safety
/// NULL, or the hook of a live server.
pub unsafe fn of(hook: *const Hook) -> Hook {
    // SAFETY: as said; it doesn't change once the server has started.
    unsafe { hook.as_ref().map_or(Hook::NONE, |hook| *hook) }
}

/// Asks the program. `response` is what the client gets where it refuses: whether it does.
///
/// # Safety
/// `request` is the live request of a connection that is being served, on its thread; `response` is the loop's,
/// and empty. The callback may do what a handler may.
pub unsafe fn ask(hook: Hook, request: *mut Request, response: *mut Response) -> bool {
    // SAFETY: as said; while the connection is being served its request stays, whatever becomes of it.
    unsafe {
        request::set_intake(request, Intake::Asked(response));
        if let Some(callback) = hook.callback {
            callback(request.cast(), hook.data);
        }
        if request::intake(request) == Intake::Refused {
            return true;
        }
        request::set_intake(request, Intake::Decided);
        false
    }
}

/// The request, if its head callback runs and hasn't refused it, with the response for a refusal; else errno is
/// set.
///
/// # Safety
/// NULL or a live request.
pub unsafe fn asked(
    what: &str,
    request: *mut http_request,
) -> Option<(*mut Request, *mut Response)> {
    if request.is_null() {
        log_err!("{}: no request", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: a live request of the library's making.
    match unsafe { request::intake(request.cast()) } {
        Intake::Asked(response) => return Some((request.cast(), response)),
        Intake::Refused => errno::set(libc::EALREADY),
        _ => errno::set(libc::EPERM),
    }
    None
}

/// Refuses a request with the standard answer of a status. None with errno.
unsafe fn refuse(what: &str, request: *mut http_request, status: c_int) -> Option<*mut Response> {
    // SAFETY: NULL or the caller's request; the response is there until its head callback returns.
    unsafe {
        let (request, response) = asked(what, request)?;
        if !(400..600).contains(&status) {
            errno::set(libc::EINVAL);
            return None;
        }
        set_standard(response, status as Status);
        request::set_intake(request, Intake::Refused);
        Some(response)
    }
}

pub unsafe extern "C" fn yolanda_http_request_refuse(
    httpRequest: *mut http_request,
    status: c_int,
) -> c_int {
    // SAFETY: NULL or the caller's request.
    let refused = unsafe { refuse("yolanda_http_request_refuse", httpRequest, status) };
    if refused.is_some() { 0 } else { -1 }
}

pub unsafe extern "C" fn yolanda_http_request_refuse_with(
    httpRequest: *mut http_request,
    status: c_int,
) -> *mut http_response {
    // SAFETY: NULL or the caller's request.
    let refused = unsafe { refuse("yolanda_http_request_refuse_with", httpRequest, status) };
    refused.unwrap_or(null_mut()).cast()
}
