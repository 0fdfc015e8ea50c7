//! Why a call has failed, in words, beside errno.
//!
//! Where an error is found, `explain` leaves the words; the call that reports it sets errno after that (`errno::set`),
//! which keeps words that were noted for this very value, and forgets all others. So words never stand beside an
//! error that they don't belong to.

#![forbid(unsafe_code)]

use super::errno;
use libc::{c_char, c_int};
use std::cell::RefCell;
use std::fmt::{self, Write};

/// The longest text, with its NUL.
const ROOM: usize = 256;

struct Words {
    errno: c_int,
    /// No call has reported the error yet.
    fresh: bool,
    /// 0: none.
    len: usize,
    text: [u8; ROOM],
}

thread_local! {
    static WORDS: RefCell<Words> =
        const { RefCell::new(Words { errno: 0, fresh: false, len: 0, text: [0; ROOM] }) };
}

impl Write for Words {
    /// Takes what fits.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.text[self.len..ROOM - 1];
        let mut n = text.len().min(room.len());
        while !text.is_char_boundary(n) {
            n -= 1;
        }
        room[..n].copy_from_slice(&text.as_bytes()[..n]);
        self.len += n;
        Ok(())
    }
}

impl Words {
    fn set(&mut self, e: c_int, text: fmt::Arguments<'_>) {
        (self.errno, self.len) = (e, 0);
        // An error of a Display just ends the text.
        let _ = self.write_fmt(text);
        self.text[self.len] = 0;
    }
}

/// Displays text that may not be UTF-8.
pub struct Lossy<'a>(pub &'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Calls `f` with this thread's words. A signal handler that has interrupted another call goes without.
fn with<R>(f: impl FnOnce(&mut Words) -> R) -> Option<R> {
    WORDS.with(|words| words.try_borrow_mut().ok().map(|mut words| f(&mut words)))
}

/// `explain!(errno, "format", ...)`: the errno value, which the current call is going to report, and the words for it.
macro_rules! explain {
    ($errno:expr, $($text:tt)*) => {
        $crate::sys::explained::note($errno, ::core::format_args!($($text)*))
    };
}
pub(crate) use explain;

/// Leaves the words for an error, and returns its value. See `explain`.
#[cold]
pub fn note(e: c_int, text: fmt::Arguments<'_>) -> c_int {
    with(|words| {
        words.set(e, text);
        words.fresh = true;
    });
    e
}

/// An error is reported: words that were noted for another one are forgotten.
pub fn reported(e: c_int) {
    with(|words| {
        if words.len > 0 && !(words.fresh && words.errno == e) {
            words.len = 0;
        }
        words.fresh = false;
    });
}

/// The words for the value that errno has; those of strerror(3) where nothing was noted. Valid until the next error on
/// this thread.
pub fn text() -> *const c_char {
    let e = errno::get();
    let text = with(|words| {
        if words.len == 0 || words.errno != e {
            words.set(e, format_args!("{}", errno::Text(e)));
        }
        words.text.as_ptr().cast()
    });
    text.unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn words() -> String {
        WORDS.with_borrow(|words| {
            CStr::from_bytes_until_nul(&words.text).unwrap().to_str().unwrap().to_owned()
        })
    }

    fn told() -> String {
        text();
        words()
    }

    #[test]
    fn words_belong_to_the_error_that_is_reported() {
        explain!(libc::EINVAL, "n is {}", -1);
        errno::set(libc::EINVAL);
        assert_eq!(told(), "n is -1");
        errno::set(libc::EINVAL);
        assert_eq!(told(), "Invalid argument");
        explain!(libc::EINVAL, "n is {}", -2);
        errno::set(libc::EPERM);
        assert_eq!(told(), "Operation not permitted");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        errno::set(explain!(libc::EINVAL, "{}", "\u{4e2d}".repeat(100)));
        assert_eq!(told(), "\u{4e2d}".repeat(85));
    }
}
