//! Where the body of a request goes that the program takes in parts, as they come.

use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr::null;

use crate::abi::types::{YOLANDA_HTTP_BODY_PART as PART, yolanda_http_body_callback};
use crate::http::message::head_hook;
use crate::http::message::request;
use crate::http::message::request::{Intake, Request};
use crate::http::wire::limits::ANY_LENGTH;
use crate::sys::pool;

/// The program's callback for data that the library doesn't need any more.
pub type Destroy = Option<unsafe extern "C-unwind" fn(data: *mut c_void)>;

/// What the callback was told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Parts, or nothing yet.
    Parts,
    /// The final call was made, or has begun.
    Over,
}

/// Where a body goes.
pub struct Upload {
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    /// Called with `data` when the request is over.
    destroy: Cell<Destroy>,
    /// Bytes that the body may have.
    pub limit: u64,
    /// So many bytes at the front of the input have been parsed already.
    pub part: Cell<usize>,
    stage: Cell<Stage>,
}

impl Upload {
    pub fn data(&self) -> *mut c_void {
        self.data
    }

    pub fn set_destroy(&self, destroy: Destroy) {
        self.destroy.set(destroy);
    }

    /// Whether the final call hasn't begun.
    pub fn is_coming(&self) -> bool {
        self.stage.get() == Stage::Parts
    }

    /// Gives the program a part of the body, as it lies in the input.
    ///
    /// # Safety
    /// The part is that long. `request` is the live request that has this upload, which it keeps until the final
    /// call.
    pub unsafe fn hand_over(&self, request: *mut Request, bytes: *const c_char, len: usize) {
        if let Some(callback) = self.callback {
            // SAFETY: the program gave the callback for this request, and the bytes stay while it runs.
            unsafe { callback(request.cast(), bytes, len, PART, self.data) };
        }
    }

    /// Frees it, and tells the program that its data isn't needed any more.
    ///
    /// # Safety
    /// NULL, or what its request doesn't point to any more. The callback may do what a handler may.
    pub unsafe fn free(upload: *mut Upload) {
        if !upload.is_null() {
            // SAFETY: its memory came from the pools, and only its request has pointed to it.
            unsafe {
                let (destroy, data) = ((*upload).destroy.get(), (*upload).data);
                pool::free(upload.cast(), size_of::<Upload>());
                if let Some(destroy) = destroy {
                    destroy(data);
                }
            }
        }
    }
}

/// Has the body of a request given to the program in parts; a `limit` of 0 stands for any length. Err with
/// errno: EALREADY, EPERM, EINVAL, ENOMEM.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn stream(
    request: *mut Request,
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    limit: u64,
) -> Result<(), c_int> {
    // SAFETY: a live request, which has the upload from here on; fresh memory is written at once.
    unsafe {
        head_hook::asked(request)?;
        if callback.is_none() {
            return Err(libc::EINVAL);
        }
        if !request::upload(request).is_null() {
            return Err(libc::EALREADY);
        }
        let upload: *mut Upload = pool::alloc(size_of::<Upload>()).cast();
        if upload.is_null() {
            return Err(libc::ENOMEM);
        }
        upload.write(Upload {
            callback,
            data,
            destroy: Cell::new(None),
            limit: if limit == 0 { ANY_LENGTH } else { limit.min(ANY_LENGTH) },
            part: Cell::new(0),
            stage: Cell::new(Stage::Parts),
        });
        request::set_upload(request, upload);
        Ok(())
    }
}

/// Makes the final call of a request's upload, unless there is none to make.
///
/// # Safety
/// `request` is a live request of a connection on its thread.
pub unsafe fn end(request: *mut Request, event: c_int) {
    // SAFETY: the request has its upload until the call, and nothing of the upload is looked at behind it.
    unsafe {
        let Some(upload) = request::upload(request).as_ref() else { return };
        if upload.stage.replace(Stage::Over) == Stage::Over {
            return;
        }
        let (callback, data) = (upload.callback, upload.data);
        if let Some(callback) = callback {
            callback(request.cast(), null(), 0, event, data);
        }
    }
}

/// Whether the request is the library's for the moment: a body is to come, to the program or to nobody.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_coming(request: *mut Request) -> bool {
    // SAFETY: a live request keeps its upload.
    unsafe {
        matches!(request::intake(request), Intake::Asked(_) | Intake::Refused)
            || request::upload(request).as_ref().is_some_and(Upload::is_coming)
            || !request::connection(request).is_null() && request::has_more(request)
    }
}
