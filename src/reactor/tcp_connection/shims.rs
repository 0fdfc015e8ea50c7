//! Functions of the loop with references, where the loop has none yet.

use super::{Connection, member};
use crate::abi::types::buffer;
use crate::reactor::event_loop::posts;
use crate::reactor::event_loop::registration::Removed;
use libc::c_int;

/// Whether reading from the connection's number is held back.
pub fn is_held(conn: &Connection) -> Option<bool> {
    conn.event_loop().registration(conn.number.get()).map(|reg| reg.held)
}

pub fn set_held(conn: &Connection, held: bool) {
    conn.event_loop().change_registration(conn.number.get(), |reg| reg.held = held);
}

pub fn take_off(conn: &Connection, fd: c_int) -> Removed {
    conn.event_loop().take_off(fd, conn.channel_ptr())
}

pub fn add_channel(conn: &Connection, fd: c_int) -> c_int {
    // SAFETY: a connection is taken off its loop before it is freed.
    unsafe { conn.event_loop().change(fd, conn.channel_ptr(), posts::ADD) }
}

pub fn update_channel(conn: &Connection) -> c_int {
    conn.event_loop().update_channel(conn.number.get(), conn.channel_ptr())
}

pub fn enlist(conn: &Connection) -> bool {
    member::roster(conn.event_loop()).add(conn)
}

pub fn delist(conn: &Connection) {
    member::roster(conn.event_loop()).remove(conn)
}

pub fn readable(b: &buffer) -> usize {
    // SAFETY: a live buffer.
    unsafe { crate::reactor::buffer::readable(b) }
}

pub fn put_in_order(b: &buffer) {
    // SAFETY: a live buffer.
    unsafe { crate::reactor::buffer::put_in_order(std::ptr::from_ref(b).cast_mut()) }
}
