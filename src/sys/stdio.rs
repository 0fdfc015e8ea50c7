//! The C library's output streams. They keep the order of the library's lines and the program's own `printf`
//! output.

use libc::{FILE, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

unsafe extern "C" {
    static stdout: *mut FILE;
    static stderr: *mut FILE;
    fn flockfile(stream: *mut FILE);
    fn funlockfile(stream: *mut FILE);
    fn vsnprintf(s: *mut c_char, n: usize, format: *const c_char, args: *mut c_void) -> c_int;
}

#[derive(Clone, Copy)]
pub enum Stream {
    Out,
    Err,
}

impl Stream {
    fn file(self) -> *mut FILE {
        // SAFETY: the C library sets both before any code runs. A program that assigns to them does so before it
        // starts threads.
        unsafe {
            match self {
                Stream::Out => stdout,
                Stream::Err => stderr,
            }
        }
    }

    pub fn descriptor(self) -> c_int {
        // SAFETY: the stream is open.
        unsafe { libc::fileno(self.file()) }
    }

    /// Writes the parts without output of other threads between them.
    pub fn write(self, parts: &[&[u8]]) {
        let file = self.file();
        let put = |part: &[u8]| {
            // SAFETY: the stream is open and locks itself; the length is that of the slice.
            unsafe { libc::fwrite(part.as_ptr().cast(), 1, part.len(), file) };
        };
        if let [whole] = parts {
            return put(whole);
        }
        // SAFETY: the stream is open. This thread unlocks it as often as it locks it.
        unsafe { flockfile(file) };
        parts.iter().for_each(|part| put(part));
        // SAFETY: this thread locked it above.
        unsafe { funlockfile(file) };
    }
}

/// Flushes all output streams of the process.
pub fn flush_all() {
    // SAFETY: NULL means all output streams.
    unsafe { libc::fflush(ptr::null_mut()) };
}

/// Formats like vprintf(3) into a buffer, truncated to its size, with a NUL at the end. Returns the length
/// without the NUL; 0 if formatting fails.
///
/// # Safety
/// `format` is a C string, and `args` a va_list that fits it.
pub unsafe fn format(
    room: &mut [MaybeUninit<u8>],
    format: *const c_char,
    args: *mut c_void,
) -> usize {
    // SAFETY: vsnprintf writes no more than the slice's length. By contract `format` and `args` are valid.
    let n = unsafe { vsnprintf(room.as_mut_ptr().cast(), room.len(), format, args) };
    usize::try_from(n).unwrap_or(0).min(room.len().saturating_sub(1))
}
