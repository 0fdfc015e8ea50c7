//! The interface between Rust and src/variadic.c, whose functions need `va_start`. In a file of its
//! own, because cbindgen would add the functions to the headers.

use crate::abi::types::va_list;
use crate::log::{self, stream};
use core::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    pub(super) fn yolanda_c_err_dump(format: *const c_char, ...);
    pub(super) fn yolanda_c_err_msg(format: *const c_char, ...);
    pub(super) fn yolanda_c_err_quit(format: *const c_char, ...);
    pub(super) fn yolanda_c_err_ret(format: *const c_char, ...);
    pub(super) fn yolanda_c_err_sys(format: *const c_char, ...);
    pub(super) fn yolanda_c_error(status: c_int, err: c_int, fmt: *mut c_char, ...);
    pub(super) fn yolanda_c_msgx(fmt: *const c_char, ...);
    pub(super) fn yolanda_c_debugx(fmt: *const c_char, ...);
}

/// Logs a formatted line. NULL texts count as empty.
///
/// # Safety
/// `errstr` and `fmt` are NULL or C strings, and `ap` is a va_list that fits the format.
pub(super) unsafe extern "C" fn logx(
    severity: c_int,
    errstr: *const c_char,
    fmt: *const c_char,
    ap: va_list,
) {
    if !log::program_enabled(severity) {
        return;
    }
    // SAFETY: by contract NULL or C strings, and a format that fits its arguments.
    unsafe {
        let errstr = (!errstr.is_null()).then(|| CStr::from_ptr(errstr));
        log::formatted(severity, errstr, fmt, ap)
    }
}

/// Whether a connection uses the descriptor of a standard stream.
extern "C" fn is_taken(fd: c_int) -> c_int {
    c_int::from(stream::is_taken(fd))
}

// The symbols that src/variadic.c calls. They are visible to it in the archive and hidden in the
// shared library.
core::arch::global_asm!(
    ".text",
    ".globl yolanda_rs_logx",
    ".hidden yolanda_rs_logx",
    ".type yolanda_rs_logx, @function",
    "yolanda_rs_logx:",
    jump!(),
    ".size yolanda_rs_logx, . - yolanda_rs_logx",
    body = sym logx,
);
core::arch::global_asm!(
    ".text",
    ".globl yolanda_rs_is_taken",
    ".hidden yolanda_rs_is_taken",
    ".type yolanda_rs_is_taken, @function",
    "yolanda_rs_is_taken:",
    jump!(),
    ".size yolanda_rs_is_taken, . - yolanda_rs_is_taken",
    body = sym is_taken,
);
