//! The functions of yolanda.h for the version.

use crate::sys::errno;
use core::ffi::{c_char, c_int, c_uint};

const fn number(text: &str) -> c_uint {
    let digits = text.as_bytes();
    let (mut value, mut i) = (0, 0);
    while i < digits.len() {
        value = value * 10 + (digits[i] - b'0') as c_uint;
        i += 1;
    }
    value
}

// The version is defined only in Cargo.toml.
const MAJOR: c_uint = number(env!("CARGO_PKG_VERSION_MAJOR"));
const MINOR: c_uint = number(env!("CARGO_PKG_VERSION_MINOR"));
const PATCH: c_uint = number(env!("CARGO_PKG_VERSION_PATCH"));
const NUMBER: c_uint = MAJOR << 16 | MINOR << 8 | PATCH;
const TEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// Returns the version of the library at run time, as one number like YOLANDA_VERSION_NUMBER.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_version_number() -> c_uint {
    NUMBER
}

/// Returns the version of the library at run time as text, "MAJOR.MINOR.PATCH". The text belongs to the
/// library and is always valid.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_version() -> *const c_char {
    TEXT.as_ptr().cast()
}

/// Checks whether the library at run time fits a program that was compiled with a header of version
/// `header`: it has the same or a later version, with the same major number and, as long as that is 0,
/// with the same minor number. Programs call it through YOLANDA_VERSION_CHECK().
///
/// Returns 0 if it fits, or -1 with errno ENOTSUP.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_version_check(header: c_uint) -> c_int {
    if fits(NUMBER, header) { 0 } else { errno::fail(libc::ENOTSUP) }
}

/// Whether a library of version `own` is compatible with programs compiled for version `asked`.
fn fits(own: c_uint, asked: c_uint) -> bool {
    // Before 1.0.0 each minor number may change the interface (Semantic Versioning, item 4).
    let interface = if own >> 16 == 0 { 8 } else { 16 };
    own >> interface == asked >> interface && own >= asked
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn the_same_or_a_later_version_of_the_same_interface_fits() {
        assert!(fits(0x00_02_01, 0x00_02_01) && fits(0x00_02_01, 0x00_02_00));
        assert!(!fits(0x00_02_01, 0x00_02_02), "the header is newer");
        assert!(!fits(0x00_03_00, 0x00_02_00) && !fits(0x00_02_00, 0x00_03_00));
        assert!(fits(0x01_03_00, 0x01_02_09) && !fits(0x02_00_00, 0x01_09_00));
        assert!(!fits(0x01_00_00, 0x00_09_00));
    }
}
