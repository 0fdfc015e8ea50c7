//! The constants of lib/log.h.

#![forbid(unsafe_code)]

use core::ffi::c_int;

/// Severity: `[debug] `.
pub const LOG_DEBUG_TYPE: c_int = 0;

/// Severity: `[msg] `.
pub const LOG_MSG_TYPE: c_int = 1;

/// Severity: `[warn] `.
pub const LOG_WARN_TYPE: c_int = 2;

/// Severity: `[err] `.
pub const LOG_ERR_TYPE: c_int = 3;
