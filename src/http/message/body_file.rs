//! A file as the body of a response.

use core::ffi::c_int;
use core::mem::ManuallyDrop;
use core::ptr::null_mut;

use crate::abi::types::http_response;
use crate::http::message::http_response::Response;
use crate::sys::fd;

/// A piece of an open file, which is closed when nobody needs it any more.
pub struct BodyFile {
    pub fd: c_int,
    pub at: i64,
    pub length: u64,
}

impl BodyFile {
    /// The descriptor, for somebody else to close.
    pub fn into_fd(self) -> c_int {
        ManuallyDrop::new(self).fd
    }
}

impl Drop for BodyFile {
    fn drop(&mut self) {
        fd::close(self.fd);
    }
}

/// Makes a file the body.
///
/// # Safety
/// `response` is a live response that isn't a program's.
pub unsafe fn set(response: *mut Response, file: BodyFile) {
    // SAFETY: as said; the public struct stands first.
    unsafe {
        (*response).file = Some(file);
        (*response.cast::<http_response>()).body.set(null_mut());
    }
}

/// Takes the file that is the body; None where another body, or none, was set.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn take(response: *mut Response) -> Option<BodyFile> {
    // SAFETY: as in `set`.
    unsafe {
        (*response).file.take().filter(|_| (*response.cast::<http_response>()).body.get().is_null())
    }
}
