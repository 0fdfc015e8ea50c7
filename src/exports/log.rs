use crate::abi::types::{VaList, va_list};
use core::ffi::{c_char, c_int};

/// Prints one line on stdout: the severity's tag (`[debug] `, `[msg] `, `[warn] `, `[err] `, for
/// any other number `[???] `), the text, a newline.
///
/// The environment says what is printed at all: YOLANDA_LOG=off|err|warn|msg|debug, everything where
/// it isn't set. errno stays what it was. All of this holds for every function here.
///
/// # Safety
/// `msg` is NULL, which counts as empty, or ends with a NUL; any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_log(severity: c_int, msg: *const c_char) {
    jump_to!(crate::log::yolanda_log)
}

/// Prints a line formatted as by vprintf(), cut at 1023 bytes, followed by `: ` and `errstr` when
/// that isn't NULL.
///
/// # Safety
/// The arguments fit the format; any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_logx(
    severity: c_int,
    errstr: *const c_char,
    fmt: *const c_char,
    ap: va_list,
) {
    jump_to!(crate::log::yolanda_logx)
}

/// Prints a `[msg] ` line formatted as by printf(), cut at 1023 bytes.
///
/// # Safety
/// The arguments fit the format; any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_msgx(fmt: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_msgx)
}

/// Prints a `[debug] ` line formatted as by printf(), cut at 1023 bytes.
///
/// # Safety
/// The arguments fit the format; any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_debugx(fmt: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_debugx)
}
