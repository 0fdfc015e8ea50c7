//! Where a body goes that isn't collected.

use super::Request;
use crate::http::status::Status;
use crate::http::upload::Upload;

/// Whether the program may decide where the body goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Asked {
    No,
    /// The head callback has the request.
    Now,
    /// It has, and doesn't want the body.
    Refused(Status),
}

/// Where the body goes that isn't collected; else NULL.
///
/// # Safety
/// `request` is a live request.
pub(in crate::http) unsafe fn upload(request: *mut Request) -> *mut Upload {
    // SAFETY: the caller's request.
    unsafe { (*request).front.upload }
}

/// Has the body go to `upload`, which the request frees from now on.
///
/// # Safety
/// `request` is a live request without one.
pub(in crate::http) unsafe fn set_upload(request: *mut Request, upload: *mut Upload) {
    // SAFETY: the caller's request.
    unsafe { (*request).front.upload = upload };
}

/// Whether the program may decide.
///
/// # Safety
/// `request` is a live request.
pub(in crate::http) unsafe fn asked(request: *mut Request) -> Asked {
    // SAFETY: the caller's request.
    unsafe { (*request).front.asked }
}

/// Notes whether the program may decide; tells what was noted before.
///
/// # Safety
/// `request` is a live request.
pub(in crate::http) unsafe fn set_asked(request: *mut Request, asked: Asked) -> Asked {
    // SAFETY: the caller's request.
    unsafe { core::mem::replace(&mut (*request).front.asked, asked) }
}
