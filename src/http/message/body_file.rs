//! A file as the body of a response.
#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::mem::ManuallyDrop;

use crate::sys::fd;

/// A part of an open file, which is closed when this is dropped.
pub struct BodyFile {
    pub fd: c_int,
    pub at: i64,
    pub length: u64,
}

impl BodyFile {
    /// The descriptor, which the caller then owns.
    pub fn into_fd(self) -> c_int {
        ManuallyDrop::new(self).fd
    }
}

impl Drop for BodyFile {
    fn drop(&mut self) {
        fd::close(self.fd);
    }
}
