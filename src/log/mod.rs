//! Log lines on C stdio's streams, so that they interleave with the program's own `printf`, or to the
//! program's sink.
//!
//! A line below the level costs one relaxed load (`level`). Other lines are formatted on the stack
//! and written with one call. Nothing in this folder changes errno.
//!
//! Imports: abi, sys.

mod level;
mod sink;
mod stamp;
pub mod stream;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use crate::abi::types::LOG_DEBUG_TYPE as DEBUG;
use crate::abi::types::LOG_WARN_TYPE as WARN;
pub use crate::abi::types::{LOG_ERR_TYPE as ERR, LOG_MSG_TYPE as MSG};
pub use crate::log::level::{
    course_style, enabled, level, program_enabled, quiet_style, set_level,
};
pub use crate::log::sink::set as set_sink;
pub use crate::log::stamp::set as set_timestamps;
use crate::sys::errno;
use crate::sys::stdio::{self, Stream};

/// The maximum length of a formatted text, without the tag and the newline.
const TEXT_MAX: usize = 1023;
/// The first of 256 code points that stand for raw bytes, at the end of the last private-use plane.
const RAW: u32 = 0x10_FE00;
/// The size of the longest tag, the text and the newline (or a NUL in its place).
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

fn tag(severity: c_int) -> &'static str {
    match severity {
        DEBUG => "[debug] ",
        MSG => "[msg] ",
        WARN => "[warn] ",
        ERR => "[err] ",
        _ => "[???] ",
    }
}

/// Formats and logs a line without checking the level, which the macros have done.
#[cold]
#[inline(never)]
pub fn line(severity: c_int, text: fmt::Arguments<'_>) {
    let keep = errno::Keep::new();
    let mut line = Line::new(severity);
    // Line truncates and never fails. If a Display fails, the text ends there.
    let _ = line.write_fmt(text);
    line.print(severity, if level::is_quiet() { Stream::Err } else { Stream::Out });
    drop(keep);
}

/// A line being formatted: the tag, then at most `TEXT_MAX` bytes of text.
struct Line {
    bytes: [MaybeUninit<u8>; LINE_MAX],
    len: usize,
    /// Where the text begins, and where it must end.
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
        // SAFETY: u8 and MaybeUninit<u8> have the same layout, and any u8 is a valid MaybeUninit<u8>.
        let text = unsafe { &*(&raw const text[..n] as *const [MaybeUninit<u8>]) };
        self.bytes[self.len..self.len + n].copy_from_slice(text);
        self.len += n;
    }

    /// Appends printf-formatted text.
    ///
    /// # Safety
    /// `format` and `args` are a NUL-terminated format and a va_list that fits it.
    unsafe fn push_format(&mut self, format: *const c_char, args: *mut c_void) {
        // One byte more than the text may have: vsnprintf writes a NUL to the place of the newline.
        let room = &mut self.bytes[self.len..=self.end];
        // SAFETY: by contract `format` is a C string, and the va_list fits it.
        self.len += unsafe { stdio::format(room, format, args) };
    }

    fn finish(&mut self, last: u8) -> &[u8] {
        self.bytes[self.len].write(last);
        // SAFETY: `push` has initialised the first len bytes, and the line above the last one.
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len + 1) }
    }

    fn print(mut self, severity: c_int, to: Stream) {
        let start = self.text;
        if !sink::take(severity, &self.finish(0)[start..]) {
            stamp::before(|stamp| match stamp {
                [] => stream::write(to, &[self.finish(b'\n')]),
                _ => stream::write(to, &[stamp, self.finish(b'\n')]),
            });
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

/// A character that `Line` writes as a single byte. It lets text of any encoding pass through `fmt`.
fn raw(byte: u8) -> char {
    char::from_u32(RAW + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Displays a C string, byte for byte; NULL shows as `(null)`.
pub struct CText(*const c_char);

impl CText {
    /// # Safety
    /// `text` is NULL or a NUL-terminated string while the result is used.
    pub unsafe fn new(text: *const c_char) -> CText {
        CText(text)
    }
}

impl fmt::Display for CText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_null() {
            return f.write_str("(null)");
        }
        // SAFETY: it isn't NULL, so by the contract of `new` it is a valid string.
        Bytes(unsafe { CStr::from_ptr(self.0) }.to_bytes()).fmt(f)
    }
}

/// Displays text of any encoding, byte for byte.
pub struct Bytes<'a>(pub &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            for &byte in chunk.invalid() {
                f.write_char(raw(byte))?;
            }
        }
        Ok(())
    }
}

/// Logs a text as one line, without truncation and without checking the level, which the caller has
/// done.
pub fn text(severity: c_int, text: &CStr) {
    let keep = errno::Keep::new();
    if !sink::take(severity, text.to_bytes_with_nul()) {
        stamp::before(|stamp| {
            let parts = [stamp, tag(severity).as_bytes(), text.to_bytes(), b"\n"];
            stream::write(Stream::Out, &parts);
        });
    }
    drop(keep);
}

/// Logs a printf-formatted line, followed by `: errstr` unless that is NULL. A NULL format counts as
/// empty. The caller has checked the level.
///
/// # Safety
/// `format` is NULL or a C string, and `args` a va_list that fits it.
pub unsafe fn formatted(
    severity: c_int,
    errstr: Option<&CStr>,
    format: *const c_char,
    args: *mut c_void,
) {
    let keep = errno::Keep::new();
    let mut line = Line::new(severity);
    if !format.is_null() {
        // SAFETY: `format` isn't NULL, so by contract it is a C string that fits the arguments.
        // errno is still the caller's, for %m.
        unsafe { line.push_format(format, args) };
    }
    if let Some(errstr) = errstr {
        line.push(b": ");
        line.push(errstr.to_bytes());
    }
    line.print(severity, Stream::Out);
    drop(keep);
}

#[cfg(test)]
mod tests;
