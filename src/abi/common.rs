//! The constants of lib/common.h.

#![forbid(unsafe_code)]

use core::ffi::c_int;

/// The port of the course's examples.
pub const SERV_PORT: c_int = 43211;

/// The size of a buffer for one line of text.
pub const MAXLINE: c_int = 4096;

/// The backlog of a listening socket.
pub const LISTENQ: c_int = 1024;

/// The size of a buffer for a message.
pub const BUFFER_SIZE: c_int = 4096;
