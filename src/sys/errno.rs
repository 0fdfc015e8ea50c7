//! The calling thread's `errno`.

use super::explained;
use libc::c_int;

/// The current value.
pub fn get() -> c_int {
    // SAFETY: glibc's errno is a valid thread-local int for the life of the thread.
    unsafe { *libc::__errno_location() }
}

/// Sets errno, at the end of a call that fails.
pub fn set(e: c_int) {
    explained::reported(e);
    put(e);
}

fn put(e: c_int) {
    // SAFETY: glibc's errno is a valid thread-local int for the life of the thread.
    unsafe { *libc::__errno_location() = e }
}

/// Sets errno and returns -1.
pub fn fail(e: c_int) -> c_int {
    set(e);
    -1
}

/// Saves errno when it is made, and restores it when it is dropped.
pub struct Keep(c_int);

impl Keep {
    pub fn new() -> Self {
        Keep(get())
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        put(self.0);
    }
}

/// Displays the text of an errno value (strerror(3)).
pub struct Text(pub c_int);

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = [0u8; 128];
        // SAFETY: the XSI strerror_r writes at most the given length including a NUL. For an unknown number it
        // fails after writing a text that says so.
        unsafe { libc::strerror_r(self.0, text.as_mut_ptr().cast(), text.len()) };
        let len = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        f.write_str(std::str::from_utf8(&text[..len]).unwrap_or("unknown error"))
    }
}
