//! The functions that other folders call with raw pointers.

use super::Connection;
use super::lifecycle::{ready, register};
use crate::abi::types::{event_loop, tcp_connection};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::sys::kind::Kind;
use libc::{c_int, c_void};

/// # Safety
/// A live object, on its thread.
pub unsafe fn create(
    fd: c_int,
    l: *mut event_loop,
    data: *mut c_void,
    kind: Kind,
) -> *mut Connection {
    // SAFETY: the caller's object is live.
    unsafe { register::create(fd, Loop::from_c(l), data, kind) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn hand_over(conn: *mut Connection, accepted: bool) -> bool {
    // SAFETY: the caller's object is live.
    unsafe { register::hand_over(&*conn, accepted) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_in_pass(conn: *mut Connection, why: c_int) {
    // SAFETY: the caller's object is live.
    unsafe { ready::close_in_pass(&*conn, CloseReason::of_call(why)) }
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
