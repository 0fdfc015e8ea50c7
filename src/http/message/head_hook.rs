//! The callback for a request whose head was read and whose body wasn't: the program says where the body goes, or
//! refuses the request.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::abi::types::yolanda_http_head_callback;
use crate::http::message::http_response::Response;
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

impl Request {
    /// Asks the program, and returns whether it refuses the request. Then the client gets `response`, which is empty
    /// before the call. The callback may do what a handler may.
    pub fn ask(&self, hook: Hook, response: &Response) -> bool {
        self.set_intake(Intake::Asked(core::ptr::from_ref(response).cast_mut()));
        if let Some(callback) = hook.callback {
            // SAFETY: the program gave the callback for this data. While the connection is being served its
            // request stays, whatever the callback does.
            unsafe { callback(self.as_c(), hook.data) };
        }
        if self.intake() == Intake::Refused {
            return true;
        }
        self.set_intake(Intake::Decided);
        false
    }

    /// The response for a refusal of the request, while its head callback runs and hasn't refused it. Err with
    /// errno: EALREADY, EPERM.
    pub fn asked(&self) -> Result<&Response, c_int> {
        match self.intake() {
            // SAFETY: the response that `ask` was given, which waits there for the callback to return.
            Intake::Asked(response) => Ok(unsafe { &*response }),
            Intake::Refused => Err(libc::EALREADY),
            _ => Err(libc::EPERM),
        }
    }

    /// Refuses the request with the standard answer of a status, which is the result. Err with errno: EALREADY,
    /// EPERM, EINVAL.
    pub fn refuse(&self, status: c_int) -> Result<&Response, c_int> {
        let response = self.asked()?;
        if !(400..600).contains(&status) {
            return Err(libc::EINVAL);
        }
        response.set_standard(status as Status);
        self.set_intake(Intake::Refused);
        Ok(response)
    }
}
