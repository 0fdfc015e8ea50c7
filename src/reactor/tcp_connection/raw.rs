//! The functions that other folders call with raw pointers.

use super::Connection;
use crate::abi::types::tcp_connection;

/// # Safety
/// A live object, on its thread.
pub unsafe fn is_open(conn: *const tcp_connection) -> bool {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn.cast_mut()).is_open() }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_bytes(conn: *mut tcp_connection, data: *const u8, len: usize) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_bytes(std::slice::from_raw_parts(data, len)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_before(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    more: crate::sys::fd::More,
) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_before(std::slice::from_raw_parts(data, len), more) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_together(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    now: u32,
) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_together(std::slice::from_raw_parts(data, len), now) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_after_send(conn: *mut tcp_connection, linger: bool) {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).close_after_send(linger) }
}
