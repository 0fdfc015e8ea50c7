//! The two ways between Rust and src/variadic.c, whose bodies need `va_start`. They stand here
//! because cbindgen would put them into the headers.

use core::ffi::{c_char, c_int};

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

// What src/variadic.c calls: symbols that the archive's C sees and the shared library hides.
core::arch::global_asm!(
    ".text",
    ".globl yolanda_rs_logx",
    ".hidden yolanda_rs_logx",
    ".type yolanda_rs_logx, @function",
    "yolanda_rs_logx:",
    jump!(),
    ".size yolanda_rs_logx, . - yolanda_rs_logx",
    body = sym crate::log::yolanda_logx,
);
core::arch::global_asm!(
    ".text",
    ".globl yolanda_rs_is_taken",
    ".hidden yolanda_rs_is_taken",
    ".type yolanda_rs_is_taken, @function",
    "yolanda_rs_is_taken:",
    jump!(),
    ".size yolanda_rs_is_taken, . - yolanda_rs_is_taken",
    body = sym crate::log::stream::is_taken,
);
