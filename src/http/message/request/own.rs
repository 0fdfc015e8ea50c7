//! The server's own requests, in pool memory.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::{Request, SIZE, init};
use crate::sys::pool;

/// Empties the request and frees its memory when it is dropped.
pub struct OwnRequest(NonNull<Request>);

impl OwnRequest {
    /// An empty request. None if out of memory.
    pub fn new() -> Option<OwnRequest> {
        let request: NonNull<Request> = NonNull::new(pool::alloc(SIZE).cast())?;
        // SAFETY: new memory of that size.
        unsafe { init(request.as_ptr(), false) };
        Some(OwnRequest(request))
    }

    /// Releases ownership as a raw pointer, which `from_raw` takes back.
    pub fn into_raw(self) -> NonNull<Request> {
        ManuallyDrop::new(self).0
    }

    /// Takes back what `into_raw` returned.
    ///
    /// # Safety
    /// `request` came from `into_raw`, once for each call.
    pub unsafe fn from_raw(request: NonNull<Request>) -> OwnRequest {
        OwnRequest(request)
    }
}

impl Deref for OwnRequest {
    type Target = Request;

    fn deref(&self) -> &Request {
        // SAFETY: the request stays valid until its owner is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for OwnRequest {
    fn drop(&mut self) {
        self.reset();
        // SAFETY: the memory came from `new`, and this is its only owner.
        unsafe { pool::free(self.0.as_ptr().cast(), SIZE) };
    }
}
