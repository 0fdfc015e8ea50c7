//! The calling thread's `errno`.

use super::explained;
use libc::c_int;

/// The current value.
pub fn get() -> c_int {
    // SAFETY: glibc's errno is a valid thread-local int for the life of the thread.
    unsafe { *libc::__errno_location() }
}

/// Sets the value that C callers see: the end of a call that fails.
pub fn set(e: c_int) {
    explained::reported(e);
    put(e);
}

fn put(e: c_int) {
    // SAFETY: glibc's errno is a valid thread-local int for the life of the thread.
    unsafe { *libc::__errno_location() = e }
}

/// Sets errno and returns -1: the end of most failing calls.
pub fn fail(e: c_int) -> c_int {
    set(e);
    -1
}

/// Restores, when dropped, the errno that was current when it was made.
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

/// Displays the text of an errno value, as strerror(3) has it.
pub struct Text(pub c_int);

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = [0u8; 128];
        // SAFETY: the XSI strerror_r writes at most the given length, and a NUL. Where it fails, for an
        // unknown number, it has written that as text.
        unsafe { libc::strerror_r(self.0, text.as_mut_ptr().cast(), text.len()) };
        let len = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        f.write_str(std::str::from_utf8(&text[..len]).unwrap_or("unknown error"))
    }
}
