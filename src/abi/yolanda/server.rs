//! The types of yolanda.h for servers.

use crate::abi::tcp_server::TCPserver;
use core::ffi::c_void;

/// Called on the server's loop when a stop is complete: the server has no connections left.
pub type yolanda_server_callback =
    Option<unsafe extern "C-unwind" fn(server: *mut TCPserver, data: *mut c_void)>;
