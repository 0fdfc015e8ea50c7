//! What becomes of a request's body, as far as that is known.

use super::{Request, state};
use crate::abi::types::REQUEST_BODY;
use crate::http::message::http_response::Response;
use crate::http::message::upload::Upload;

/// Whether somebody wants the body, which is decided behind the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Not yet decided.
    Open,
    /// The head callback has the request; what is answered where it refuses it.
    Asked(*mut Response),
    /// It has refused it.
    Refused,
    /// There is nothing more to decide.
    Decided,
    /// The request was answered without the rest of its body, which is dropped as it comes.
    Dropped,
}

/// Where the body goes that isn't collected; else NULL.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn upload(request: *mut Request) -> *mut Upload {
    // SAFETY: the caller's request.
    unsafe { (*request).front.upload }
}

/// Has the body go to `upload`, which the request frees from now on.
///
/// # Safety
/// `request` is a live request without one.
pub unsafe fn set_upload(request: *mut Request, upload: *mut Upload) {
    // SAFETY: the caller's request.
    unsafe { (*request).front.upload = upload };
}

/// What becomes of the body.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn intake(request: *mut Request) -> Intake {
    // SAFETY: the caller's request.
    unsafe { (*request).front.intake }
}

/// Notes what becomes of the body.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn set_intake(request: *mut Request, intake: Intake) {
    // SAFETY: the caller's request.
    unsafe { (*request).front.intake = intake };
}

/// Whether bytes of the body are missing.
///
/// # Safety
/// `request` is a live request whose head was read.
pub unsafe fn has_more(request: *mut Request) -> bool {
    // SAFETY: the caller's request.
    unsafe { state(request) == REQUEST_BODY }
}

/// Whether the request was answered while its body is still to come.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_dropped(request: *mut Request) -> bool {
    // SAFETY: the caller's request.
    unsafe { intake(request) == Intake::Dropped }
}
