//! Exact counts, lines and messages from a descriptor. Nothing is kept between two calls.

use core::ffi::{c_char, c_int, c_void};
use core::mem::MaybeUninit;

use crate::sys::errno;

const FAILED: usize = usize::MAX;
/// Bytes of a socket that are looked at together for a newline.
const LOOK_AHEAD: usize = 4096;

/// What one read brought: a count, with 0 for the end of stream, or an error that errno tells.
type Count = Option<usize>;

/// Repeats a system call for as long as a signal interrupts it.
fn retried(mut call: impl FnMut() -> isize) -> Count {
    loop {
        match call() {
            n if n >= 0 => return Some(n as usize),
            _ if errno::get() == libc::EINTR => (),
            _ => return None,
        }
    }
}

/// # Safety
/// `n` bytes can be written at `to`.
unsafe fn read_once(fd: c_int, to: *mut u8, n: usize) -> Count {
    // SAFETY: the caller's room.
    retried(|| unsafe { libc::read(fd, to.cast(), n) })
}

/// Looks at what a socket holds without taking it. A descriptor that isn't a socket: ENOTSOCK.
///
/// # Safety
/// `n` bytes can be written at `to`.
unsafe fn peek(fd: c_int, to: *mut u8, n: usize) -> Count {
    // SAFETY: the caller's room.
    retried(|| unsafe { libc::recv(fd, to.cast(), n, libc::MSG_PEEK) })
}

/// Reads until `n` bytes are there or the stream ends.
///
/// # Safety
/// `n` bytes can be written at `to`.
unsafe fn read_all(fd: c_int, to: *mut u8, n: usize) -> Count {
    let mut got = 0;
    while got < n {
        // SAFETY: got < n, so that n - got bytes are left at to + got.
        match unsafe { read_once(fd, to.add(got), n - got) }? {
            0 => break,
            more => got += more,
        }
    }
    Some(got)
}

/// # Safety
/// `vptr` is NULL or has room for `n` bytes.
pub unsafe extern "C" fn readn(fd: c_int, vptr: *mut c_void, n: usize) -> usize {
    if vptr.is_null() && n > 0 {
        errno::set(libc::EFAULT);
        return FAILED;
    }
    // SAFETY: the caller's room.
    unsafe { read_all(fd, vptr.cast(), n) }.unwrap_or(FAILED)
}

/// # Safety
/// `buffer` is NULL or has room for `length` bytes.
pub unsafe extern "C" fn read_message(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    let mut head = [0u8; 8];
    // SAFETY: the array has room for its own length.
    match unsafe { read_all(fd, head.as_mut_ptr(), head.len()) } {
        None => return FAILED,
        Some(n) if n < head.len() => return 0,
        Some(_) => (),
    }
    // The type, in the second half, is the program's own affair.
    let [a, b, c, d, ..] = head;
    let body = u32::from_be_bytes([a, b, c, d]) as usize;
    if body > length || (buffer.is_null() && body > 0) {
        errno::set(libc::EMSGSIZE);
        return FAILED;
    }
    // SAFETY: body bytes fit into the caller's room.
    match unsafe { read_all(fd, buffer.cast(), body) } {
        None => FAILED,
        Some(n) if n < body => 0,
        Some(n) => n,
    }
}

/// A line that is being read into a caller's room, with a NUL behind it at all times.
struct Line {
    text: *mut u8,
    len: usize,
    /// Bytes that fit, the NUL not counted.
    max: usize,
}

impl Line {
    /// # Safety
    /// `buffer` is NULL or has room for `length` bytes for as long as the line lives.
    unsafe fn new(buffer: *mut c_char, length: usize) -> Option<Line> {
        if buffer.is_null() || length == 0 {
            errno::set(libc::EINVAL);
            return None;
        }
        let text = buffer.cast::<u8>();
        // SAFETY: there is room for a byte at least.
        unsafe { *text = 0 };
        Some(Line { text, len: 0, max: length - 1 })
    }

    fn is_full(&self) -> bool {
        self.len == self.max
    }

    /// Adds one byte from any descriptor; 0 at the end of stream.
    fn read_byte(&mut self, fd: c_int) -> Count {
        let mut byte = 0u8;
        // SAFETY: room for the one byte that is read.
        let n = unsafe { read_once(fd, &raw mut byte, 1) }?;
        if n == 1 && !self.is_full() {
            // SAFETY: len < max, and the NUL's place stands behind max.
            unsafe {
                *self.text.add(self.len) = byte;
                *self.text.add(self.len + 1) = 0;
            }
            self.len += 1;
        }
        Some(n)
    }

    /// Adds what a socket holds, at most through the first newline; 0 at the end of stream.
    /// Looks at the bytes elsewhere, so that the caller's room gets none from behind the line.
    fn take_from_socket(&mut self, fd: c_int) -> Count {
        let mut seen = [MaybeUninit::<u8>::uninit(); LOOK_AHEAD];
        let room = (self.max - self.len).min(LOOK_AHEAD);
        // SAFETY: room bytes are in both places, and as many as recv says are initialised.
        unsafe {
            let n = peek(fd, seen.as_mut_ptr().cast(), room)?;
            let held = core::slice::from_raw_parts(seen.as_ptr().cast::<u8>(), n);
            let wanted = held.iter().position(|&b| b == b'\n').map_or(n, |i| i + 1);
            let taken = read_all(fd, self.text.add(self.len), wanted);
            self.len += taken.unwrap_or(0);
            *self.text.add(self.len) = 0;
            taken
        }
    }

    fn last(&self) -> u8 {
        if self.len == 0 {
            return 0;
        }
        // SAFETY: len bytes have been written.
        unsafe { *self.text.add(self.len - 1) }
    }

    fn set_last(&mut self, byte: u8) {
        if self.len > 0 {
            // SAFETY: len bytes have been written.
            unsafe { *self.text.add(self.len - 1) = byte };
        }
    }

    fn drop_last(&mut self) {
        if self.len > 0 {
            self.set_last(0);
            self.len -= 1;
        }
    }
}

/// # Safety
/// `buffer` is NULL or has room for `length` bytes.
pub unsafe extern "C" fn readline(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: the caller's room.
    let Some(mut line) = (unsafe { Line::new(buffer, length) }) else {
        return FAILED;
    };
    let mut is_socket = true;
    while !line.is_full() {
        let taken = match is_socket {
            true => line.take_from_socket(fd),
            false => line.read_byte(fd),
        };
        match taken {
            None if is_socket && errno::get() == libc::ENOTSOCK => is_socket = false,
            None => return FAILED,
            Some(0) => return 0,
            Some(_) if line.last() == b'\n' => return line.len,
            Some(_) => (),
        }
    }
    errno::set(libc::EMSGSIZE);
    FAILED
}

/// # Safety
/// `buffer` is NULL or has room for `length` bytes.
pub unsafe extern "C" fn readline_2(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: the caller's room.
    let Some(mut line) = (unsafe { Line::new(buffer, length) }) else {
        return FAILED;
    };
    while !line.is_full() {
        match line.read_byte(fd) {
            None | Some(0) => return FAILED,
            Some(_) if line.last() == b'\n' => return line.len,
            Some(_) => (),
        }
    }
    errno::set(libc::EMSGSIZE);
    FAILED
}

/// # Safety
/// `buf` is NULL or has room for `size` bytes.
pub unsafe extern "C" fn read_line(fd: c_int, buf: *mut c_char, size: c_int) -> c_int {
    // SAFETY: the caller's room; a negative size is none.
    let Some(mut line) = (unsafe { Line::new(buf, usize::try_from(size).unwrap_or(0)) }) else {
        return 0;
    };
    while !line.is_full() && line.last() != b'\n' {
        let before = line.last();
        match line.read_byte(fd) {
            None | Some(0) => break,
            Some(_) => (),
        }
        match line.last() {
            b'\r' if takes_newline_ahead(fd) => line.set_last(b'\n'),
            b'\n' if before == b'\r' => {
                line.drop_last();
                line.set_last(b'\n');
            }
            _ => (),
        }
    }
    // size is a c_int, and the line is shorter.
    line.len as c_int
}

/// After a CR on a socket: takes a LF that comes next. False for what isn't a socket: its next
/// byte can't be looked at, so that there only a CR with its LF becomes a LF.
fn takes_newline_ahead(fd: c_int) -> bool {
    let mut next = 0u8;
    // SAFETY: room for the one byte.
    match unsafe { peek(fd, &raw mut next, 1) } {
        None => errno::get() != libc::ENOTSOCK,
        Some(n) => {
            if n == 1 && next == b'\n' {
                // SAFETY: room for the one byte, which is there already.
                unsafe { read_once(fd, &raw mut next, 1) };
            }
            true
        }
    }
}

#[cfg(test)]
mod tests;
