//! Log lines on C stdio's stdout, so that they interleave with the program's own `printf`, or to the
//! program's sink.
//!
//! A line that is off costs one relaxed load (`level`); a line that is on is formatted on the stack
//! and written in one call. Nothing here changes errno.

mod level;
mod sink;
pub mod stream;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use crate::abi::types::LOG_DEBUG_TYPE as DEBUG;
use crate::abi::types::LOG_WARN_TYPE as WARN;
pub use crate::abi::types::{LOG_ERR_TYPE as ERR, LOG_MSG_TYPE as MSG};
pub use crate::log::level::{enabled, yolanda_log_level, yolanda_log_set_level};
pub use crate::log::sink::yolanda_log_set_sink;
use crate::sys::errno;

/// Longest text of a formatted line, without the tag and the newline.
const TEXT_MAX: usize = 1023;
/// Where `raw` bytes are: the end of the last private-use plane.
const RAW: u32 = 0x10_FE00;
/// Room for the longest tag, the text and the newline (or a NUL in its place).
const LINE_MAX: usize = 8 + TEXT_MAX + 1;

/// Writes a `[msg]` line.
macro_rules! log_msg {
    ($($arg:tt)*) => { $crate::log::log_line!($crate::log::MSG, $($arg)*) };
}
/// Writes an `[err]` line.
macro_rules! log_err {
    ($($arg:tt)*) => { $crate::log::log_line!($crate::log::ERR, $($arg)*) };
}
macro_rules! log_line {
    ($severity:expr, $($arg:tt)*) => {
        if $crate::log::enabled($severity) {
            $crate::log::line($severity, ::core::format_args!($($arg)*));
        }
    };
}
pub(crate) use log_line;

unsafe extern "C" {
    static stdout: *mut libc::FILE;
    fn flockfile(stream: *mut libc::FILE);
    fn funlockfile(stream: *mut libc::FILE);
    fn vsnprintf(s: *mut c_char, n: usize, format: *const c_char, args: *mut c_void) -> c_int;
}

fn tag(severity: c_int) -> &'static str {
    match severity {
        DEBUG => "[debug] ",
        MSG => "[msg] ",
        WARN => "[warn] ",
        ERR => "[err] ",
        _ => "[???] ",
    }
}

/// Formats and writes a line without asking for the level: the macros did.
#[cold]
#[inline(never)]
pub fn line(severity: c_int, text: fmt::Arguments<'_>) {
    let keep = errno::Keep::new();
    let mut line = Line::new(severity);
    // Line takes what fits and never fails; an error of a Display just ends the text.
    let _ = line.write_fmt(text);
    line.print(severity);
    drop(keep);
}

/// A line under construction: tag, then at most `TEXT_MAX` bytes of text.
struct Line {
    bytes: [MaybeUninit<u8>; LINE_MAX],
    len: usize,
    /// Where the text begins, and where it has to end.
    text: usize,
    end: usize,
}

impl Line {
    fn new(severity: c_int) -> Line {
        let tag = tag(severity);
        let (text, end) = (tag.len(), tag.len() + TEXT_MAX);
        let mut line = Line { bytes: [MaybeUninit::uninit(); LINE_MAX], len: 0, text, end };
        line.push(tag.as_bytes());
        line
    }

    fn push(&mut self, text: &[u8]) {
        let n = text.len().min(self.end - self.len);
        // SAFETY: u8 and MaybeUninit<u8> have one layout, and any u8 is valid in the latter.
        let text = unsafe { &*(&raw const text[..n] as *const [MaybeUninit<u8>]) };
        self.bytes[self.len..self.len + n].copy_from_slice(text);
        self.len += n;
    }

    /// Appends printf-formatted text.
    ///
    /// # Safety
    /// `format` and `args` are a NUL-terminated format and a va_list that fits it.
    unsafe fn push_format(&mut self, format: *const c_char, args: *mut c_void) {
        let room = self.end - self.len;
        let at = self.bytes[self.len..].as_mut_ptr().cast::<c_char>();
        // SAFETY: room + 1 bytes are there, as the newline has no place of its own in `room`.
        let n = unsafe { vsnprintf(at, room + 1, format, args) };
        self.len += usize::try_from(n).unwrap_or(0).min(room);
    }

    fn finish(&mut self, last: u8) -> &[u8] {
        self.bytes[self.len].write(last);
        // SAFETY: the first len bytes have been written by push, the last one just now.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len + 1) }
    }

    fn print(mut self, severity: c_int) {
        let start = self.text;
        let text = &self.finish(0)[start..];
        // SAFETY: the text and the NUL behind it.
        if unsafe { sink::take(severity, text.as_ptr().cast(), text.len() - 1) } {
            return;
        }
        let line = self.finish(b'\n');
        // SAFETY: initialised bytes, and stdio's own stream, which locks itself.
        unsafe {
            if stream::is_taken(libc::fileno(stdout)) == 0 {
                libc::fwrite(line.as_ptr().cast(), 1, line.len(), stdout);
            }
        }
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        match u8::try_from(u32::from(c).wrapping_sub(RAW)) {
            Ok(byte) => self.push(&[byte]),
            Err(_) => self.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        Ok(())
    }
}

/// A character that `Line` takes for one byte: names of any encoding pass through `fmt` that way.
fn raw(byte: u8) -> char {
    char::from_u32(RAW + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Displays a C string, byte for byte; NULL shows as `(null)`.
/// Make one only of a pointer that is NULL or a NUL-terminated string for as long as it is used.
pub struct CText(pub(crate) *const c_char);

impl fmt::Display for CText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_null() {
            return f.write_str("(null)");
        }
        // SAFETY: not NULL, hence a C string: see the type.
        let text = unsafe { CStr::from_ptr(self.0) };
        for chunk in text.to_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            for &byte in chunk.invalid() {
                f.write_char(raw(byte))?;
            }
        }
        Ok(())
    }
}

/// Writes `msg`, whole, as one line. NULL counts as empty.
///
/// # Safety
/// `msg` is NULL or a NUL-terminated string.
pub unsafe extern "C" fn yolanda_log(severity: c_int, msg: *const c_char) {
    if !enabled(severity) {
        return;
    }
    let keep = errno::Keep::new();
    // SAFETY: the caller's string; the stream stays locked from tag to newline, so that the line
    // is one piece.
    unsafe {
        let text = string(msg);
        if !sink::take(severity, text.as_ptr(), text.count_bytes())
            && stream::is_taken(libc::fileno(stdout)) == 0
        {
            let (tag, out) = (tag(severity), stdout);
            flockfile(out);
            libc::fwrite(tag.as_ptr().cast(), 1, tag.len(), out);
            libc::fwrite(text.as_ptr().cast(), 1, text.count_bytes(), out);
            libc::fwrite(b"\n".as_ptr().cast(), 1, 1, out);
            funlockfile(out);
        }
    }
    drop(keep);
}

/// Writes a printf-formatted line, with `: errstr` behind it when that isn't NULL.
///
/// # Safety
/// `fmt` is NULL or a NUL-terminated format that fits `ap`, a va_list; `errstr` NULL or a string.
pub unsafe extern "C" fn yolanda_logx(
    severity: c_int,
    errstr: *const c_char,
    fmt: *const c_char,
    ap: *mut c_void,
) {
    if !enabled(severity) {
        return;
    }
    let keep = errno::Keep::new();
    let mut line = Line::new(severity);
    if !fmt.is_null() {
        // SAFETY: the caller's format and arguments; errno still is the caller's, for %m.
        unsafe { line.push_format(fmt, ap) };
    }
    if !errstr.is_null() {
        line.push(b": ");
        // SAFETY: the caller's string.
        line.push(unsafe { string(errstr) }.to_bytes());
    }
    line.print(severity);
    drop(keep);
}

/// # Safety
/// `text` is NULL, which counts as empty, or a NUL-terminated string that outlives the result.
unsafe fn string<'a>(text: *const c_char) -> &'a CStr {
    // SAFETY: not NULL, hence a C string.
    if text.is_null() { c"" } else { unsafe { CStr::from_ptr(text) } }
}

#[cfg(test)]
mod tests;
