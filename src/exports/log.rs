//! The functions of lib/log.h.

use crate::abi::types::{VaList, va_list};
use crate::exports::variadic;
use core::ffi::{CStr, c_char, c_int};

/// Prints one line on stdout: the tag of the severity (`[debug] `, `[msg] `, `[warn] `, `[err] `; for
/// any other number `[???] `), the text, a newline.
///
/// The environment variable YOLANDA_LOG selects which lines are printed: off, err, warn, msg or debug;
/// all lines if it is not set (of the library's own lines, only warnings and errors in a program whose
/// first loop was made by yolanda_loop_new()). errno is left unchanged. This applies to all functions of this header;
/// yolanda.h has functions to set the level and to redirect the lines.
///
/// # Safety
/// `msg` is a NUL-terminated string, or NULL, which counts as empty. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_log(severity: c_int, msg: *const c_char) {
    if !crate::log::program_enabled(severity) {
        return;
    }
    // SAFETY: `msg` isn't NULL, so by contract it is a NUL-terminated string.
    let text = if msg.is_null() { c"" } else { unsafe { CStr::from_ptr(msg) } };
    crate::log::text(severity, text);
}

/// Prints a line formatted as by vprintf(), truncated to 1023 bytes, followed by `: ` and `errstr`
/// unless that is NULL.
///
/// # Safety
/// `fmt` is NULL or a format that fits the arguments, `errstr` is NULL or a NUL-terminated string. Any
/// thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_logx(
    severity: c_int,
    errstr: *const c_char,
    fmt: *const c_char,
    ap: va_list,
) {
    // SAFETY: by contract NULL or C strings, and a format that fits its arguments.
    unsafe { variadic::logx(severity, errstr, fmt, ap) }
}

/// Prints a `[msg] ` line formatted as by printf(), truncated to 1023 bytes.
///
/// # Safety
/// `fmt` is NULL or a format that fits the arguments. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_msgx(fmt: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_msgx)
}

/// Prints a `[debug] ` line formatted as by printf(), truncated to 1023 bytes.
///
/// # Safety
/// `fmt` is NULL or a format that fits the arguments. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_debugx(fmt: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_debugx)
}
