//! Environment variables, without the allocation that std::env needs.

use std::ffi::CStr;

/// Calls `read` with a variable's value, empty where it isn't set.
pub fn variable<R>(name: &CStr, read: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: the name is a C string, and so is the value. It is valid until somebody changes the environment:
    // programs do that before they start threads, and `read` doesn't.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        read(if value.is_null() { b"" } else { CStr::from_ptr(value).to_bytes() })
    }
}
