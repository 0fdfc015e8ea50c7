//! The types of yolanda.h for the log.

use core::ffi::{c_char, c_int, c_void};

/// The level above all severities: nothing is logged.
pub const YOLANDA_LOG_OFF: c_int = 4;

/// The level given by the environment variable YOLANDA_LOG.
pub const YOLANDA_LOG_ENVIRONMENT: c_int = -1;

/// Takes a line of the log, on the thread that logs: the severity as it was passed, the text without
/// tag and newline, its length, and the data of yolanda_log_set_sink(). The text is NUL-terminated and
/// valid until the sink returns. errno may be changed.
///
/// What the sink itself logs goes to stdout, so it can pass a line on with yolanda_log(). Lines may
/// come from the middle of the library's work, so the sink must not call any other function of the
/// library, except yolanda_loop_quit(). Several threads may be in the sink at once.
pub type yolanda_log_sink = Option<
    unsafe extern "C-unwind" fn(
        severity: c_int,
        text: *const c_char,
        length: usize,
        data: *mut c_void,
    ),
>;
