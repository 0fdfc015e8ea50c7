//! Where a body goes that the program takes in parts.

use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null;

use crate::abi::types::{Destroy, yolanda_http_body_callback};
use crate::http::message::request::Request;

pub struct Upload {
    callback: yolanda_http_body_callback,
    pub data: *mut c_void,
    /// Called with `data` when the request is over.
    pub destroy: Cell<Destroy>,
    /// Bytes that the body may have.
    pub limit: u64,
    /// So many bytes at the front of the input have been parsed already.
    pub part: Cell<usize>,
    /// The final call was made, or has begun.
    is_over: Cell<bool>,
}

impl Upload {
    pub fn new(callback: yolanda_http_body_callback, data: *mut c_void, limit: u64) -> Upload {
        Upload {
            callback,
            data,
            destroy: Cell::new(None),
            limit,
            part: Cell::new(0),
            is_over: Cell::new(false),
        }
    }

    /// Whether the final call was made, or has begun.
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Makes the final call, unless it was made. Nothing of the upload is looked at behind it.
    pub fn end(&self, request: &Request, event: c_int) {
        if !self.is_over.replace(true) {
            self.call(request, null(), 0, event);
        }
    }

    /// Calls the program.
    pub fn call(&self, request: &Request, bytes: *const c_char, length: usize, event: c_int) {
        if let Some(callback) = self.callback {
            // SAFETY: the program gave the callback for this request and this data, which it keeps until its
            // `destroy` is called.
            unsafe { callback(request.as_c(), bytes, length, event, self.data) };
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy.get() {
            // SAFETY: the program gave it for this data; no call of its callback comes behind this one.
            unsafe { destroy(self.data) };
        }
    }
}
