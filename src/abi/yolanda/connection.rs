use crate::abi::tcp_connection::tcp_connection;
use core::ffi::c_int;

/// Told how many bytes are queued by now.
pub type yolanda_water_mark_callback =
    Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, queued: usize)>;

/// Over its limit of queued bytes a connection is closed.
pub const YOLANDA_LIMIT_CLOSE: c_int = 0;

/// A send that would go over the limit is refused, and the connection stays.
pub const YOLANDA_LIMIT_REFUSE: c_int = 1;
