//! The types of yolanda.h for the log.

#![forbid(unsafe_code)]

use core::ffi::{c_char, c_int, c_void};

/// The level above all severities: nothing is logged.
pub const YOLANDA_LOG_OFF: c_int = 4;

/// The level given by the environment variable YOLANDA_LOG.
pub const YOLANDA_LOG_ENVIRONMENT: c_int = -1;

/// Receives a line of the log on the thread that logs: the severity as it was passed, the text
/// without tag and newline, its length, and the data of yolanda_log_set_sink(). The text is
/// NUL-terminated and valid until the sink returns. The sink may change errno.
///
/// Lines that the sink itself logs go to stdout, so it can pass a line on with yolanda_log(). Lines
/// may be logged at any point within the library, so the sink must not call any other function of the
/// library, except yolanda_loop_quit(). Several threads may call the sink at the same time.
pub type yolanda_log_sink = Option<
    unsafe extern "C-unwind" fn(
        severity: c_int,
        text: *const c_char,
        length: usize,
        data: *mut c_void,
    ),
>;
