//! The program's look at a request whose head is there, before anything of the body is read: it says where the
//! body goes, or refuses it.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::abi::types::yolanda_http_head_callback;
use crate::http::message::http_response::{Response, set_standard};
use crate::http::message::request;
use crate::http::message::request::{Intake, Request};
use crate::http::wire::status::Status;

/// A head callback of the program. It stays from before the server's start until its end.
#[derive(Clone, Copy)]
pub struct Hook {
    pub callback: yolanda_http_head_callback,
    pub data: *mut c_void,
}

impl Hook {
    pub const NONE: Hook = Hook { callback: None, data: null_mut() };

    pub fn is_some(&self) -> bool {
        self.callback.is_some()
    }
}

/// Asks the program. `response` is what the client gets where it refuses: whether it does.
///
/// # Safety
/// `request` is the live request of a connection that is being served, on its thread; `response` is the loop's,
/// and empty. The callback may do what a handler may.
pub unsafe fn ask(hook: Hook, request: *mut Request, response: *mut Response) -> bool {
    // SAFETY: while the connection is being served its request stays, whatever the callback does.
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

/// The response for a refusal of a request, while its head callback runs and hasn't refused it. Err with errno:
/// EALREADY, EPERM.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn asked(request: *mut Request) -> Result<*mut Response, c_int> {
    // SAFETY: a live request of the library's making.
    match unsafe { request::intake(request) } {
        Intake::Asked(response) => Ok(response),
        Intake::Refused => Err(libc::EALREADY),
        _ => Err(libc::EPERM),
    }
}

/// Refuses a request with the standard answer of a status, which is the result. Err with errno: EALREADY, EPERM,
/// EINVAL.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn refuse(request: *mut Request, status: c_int) -> Result<*mut Response, c_int> {
    // SAFETY: the response is there until the request's head callback returns, and that runs.
    unsafe {
        let response = asked(request)?;
        if !(400..600).contains(&status) {
            return Err(libc::EINVAL);
        }
        set_standard(response, status as Status);
        request::set_intake(request, Intake::Refused);
        Ok(response)
    }
}
