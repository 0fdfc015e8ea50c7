//! The types of yolanda.h for connections.

use crate::abi::tcp_connection::tcp_connection;
use core::ffi::c_int;

/// Called with the number of bytes that are currently queued.
pub type yolanda_water_mark_callback =
    Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, queued: usize)>;

/// A connection over its limit of queued bytes is closed.
pub const YOLANDA_LIMIT_CLOSE: c_int = 0;

/// A send that would exceed the limit is refused, and the connection stays open.
pub const YOLANDA_LIMIT_REFUSE: c_int = 1;

/// For `idle_ms` of yolanda_connection_set_timeouts(): bytes of either direction count.
pub const YOLANDA_IDLE_BOTH: c_int = 0;

/// Only bytes that were received count.
pub const YOLANDA_IDLE_RECEIVED: c_int = 1;

/// Only bytes that were sent count.
pub const YOLANDA_IDLE_SENT: c_int = 2;
