//! The head callback, called for a request whose head has been read and whose body hasn't: the program decides
//! where the body goes, or refuses the request.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::abi::types::yolanda_http_head_callback;
use crate::http::message::http_response::Response;
use crate::http::message::request::{Intake, Request};
use crate::http::wire::status::Status;

/// A head callback of the program. It is set before the server's start and doesn't change afterwards.
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
    /// Calls the program, and returns whether it refuses the request. In that case the client gets `response`,
    /// which is empty before the call. The callback may do anything that a handler may do.
    pub fn ask(&self, hook: Hook, response: &Response) -> bool {
        self.set_intake(Intake::Asked(core::ptr::from_ref(response).cast_mut()));
        if let Some(callback) = hook.callback {
            // SAFETY: the program set the callback together with this data. While the connection is being served
            // its request stays valid, whatever the callback does.
            unsafe { callback(self.as_c(), hook.data) };
        }
        if self.intake() == Intake::Refused {
            return true;
        }
        self.set_intake(Intake::Decided);
        false
    }

    /// The response for refusing the request, while its head callback runs and hasn't refused it yet. Err with
    /// errno: EALREADY, EPERM.
    pub fn asked(&self) -> Result<&Response, c_int> {
        match self.intake() {
            // SAFETY: the response that was passed to `ask`, which waits for the callback to return.
            Intake::Asked(response) => Ok(unsafe { &*response }),
            Intake::Refused => Err(libc::EALREADY),
            _ => Err(libc::EPERM),
        }
    }

    /// Refuses the request with the standard response of a status, which is returned. Err with errno: EALREADY,
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
