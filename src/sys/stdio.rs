//! The C library's output streams, so that lines of the library and the program's own `printf` keep their order.

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
        // SAFETY: the C library sets both before any code runs; a program that assigns to them does so before
        // it starts threads.
        unsafe {
            match self {
                Stream::Out => stdout,
                Stream::Err => stderr,
            }
        }
    }

    pub fn descriptor(self) -> c_int {
        // SAFETY: an open stream.
        unsafe { libc::fileno(self.file()) }
    }

    /// Writes the parts, without another thread's output between them.
    pub fn write(self, parts: &[&[u8]]) {
        let file = self.file();
        let put = |part: &[u8]| {
            // SAFETY: an open stream, which locks itself, and as many bytes as the slice has.
            unsafe { libc::fwrite(part.as_ptr().cast(), 1, part.len(), file) };
        };
        if let [whole] = parts {
            return put(whole);
        }
        // SAFETY: an open stream. This thread unlocks it as often as it locks it.
        unsafe { flockfile(file) };
        parts.iter().for_each(|part| put(part));
        // SAFETY: locked by this thread above.
        unsafe { funlockfile(file) };
    }
}

/// Writes out what the streams of the process hold back.
pub fn flush_all() {
    // SAFETY: NULL means all output streams.
    unsafe { libc::fflush(ptr::null_mut()) };
}

/// Writes text formatted as by vprintf(3), cut where the room ends, with a NUL behind it. How many bytes it has
/// without the NUL; 0 where formatting fails.
///
/// # Safety
/// `format` is a C string, and `args` a va_list that fits it.
pub unsafe fn format(
    room: &mut [MaybeUninit<u8>],
    format: *const c_char,
    args: *mut c_void,
) -> usize {
    // SAFETY: vsnprintf writes no more than the slice's length; the caller vouches for the other arguments.
    let n = unsafe { vsnprintf(room.as_mut_ptr().cast(), room.len(), format, args) };
    usize::try_from(n).unwrap_or(0).min(room.len().saturating_sub(1))
}
