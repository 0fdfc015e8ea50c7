//! A file as the body of a response.
#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::mem::ManuallyDrop;

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
