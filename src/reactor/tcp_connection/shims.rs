//! Functions of the loop with references, where the loop has none yet.

use super::Connection;
use crate::abi::types::buffer;
use crate::reactor::event_loop::registration::Removed;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::event_loop::{budget, owner, posts, registration, roster, state};
use libc::c_int;

impl Loop {
    pub fn ms_since_look(&self) -> u64 {
        // SAFETY: the loop's thread.
        unsafe { budget::since_look(self.as_c()) }
    }

    pub fn begin_reading(&self) {
        // SAFETY: the loop's thread.
        unsafe { budget::begin_reading(self.as_c()) }
    }

    pub fn between(&self) {
        // SAFETY: the loop's thread.
        unsafe { budget::between(self.as_c()) }
    }

    pub fn is_spent(&self) -> bool {
        // SAFETY: the loop's thread.
        unsafe { budget::is_spent(self.as_c()) }
    }

    pub fn is_spent_now(&self) -> bool {
        // SAFETY: the loop's thread.
        unsafe { budget::is_spent_now(self.as_c()) }
    }

    pub fn is_spent_at(&self, now: u32) -> bool {
        // SAFETY: the loop's thread.
        unsafe { budget::is_spent_at(self.as_c(), now) }
    }

    pub fn on_owner(&self) -> bool {
        // SAFETY: the loop's memory is kept.
        unsafe { owner::on_owner(self.as_c()) }
    }

    pub fn park(&self, fd: c_int) {
        // SAFETY: the loop's thread.
        unsafe { registration::park(self.as_c(), fd) }
    }
}

/// Whether reading from the connection's number is held back.
pub fn is_held(conn: &Connection) -> Option<bool> {
    // SAFETY: the loop's thread; the entry is read at once.
    unsafe {
        state::registration(conn.event_loop().as_c(), conn.number.get())
            .as_ref()
            .map(|reg| reg.held)
    }
}

pub fn set_held(conn: &Connection, held: bool) {
    // SAFETY: the loop's thread; the entry is written at once.
    unsafe {
        if let Some(reg) = state::registration(conn.event_loop().as_c(), conn.number.get()).as_mut()
        {
            reg.held = held;
        }
    }
}

pub fn take_off(conn: &Connection, fd: c_int) -> Removed {
    // SAFETY: the loop's thread, with the connection's own channel.
    unsafe { registration::take_off(conn.event_loop().as_c(), fd, conn.channel_ptr()) }
}

pub fn add_channel(conn: &Connection, fd: c_int) -> c_int {
    // SAFETY: the loop's thread, with the connection's own channel.
    unsafe { registration::change(conn.event_loop().as_c(), fd, conn.channel_ptr(), posts::ADD) }
}

pub fn update_channel(conn: &Connection) -> c_int {
    // SAFETY: the loop's thread, with the connection's own channel.
    unsafe { registration::update(conn.event_loop().as_c(), conn.number.get(), conn.channel_ptr()) }
}

pub fn enlist(conn: &Connection) -> bool {
    // SAFETY: the loop's thread; the connection leaves the roster when it closes.
    unsafe { roster::add(conn.raw()) }
}

pub fn delist(conn: &Connection) {
    // SAFETY: the loop's thread.
    unsafe { roster::remove(conn.raw()) }
}

pub fn readable(b: &buffer) -> usize {
    // SAFETY: a live buffer.
    unsafe { crate::reactor::buffer::readable(b) }
}

pub fn put_in_order(b: &buffer) {
    // SAFETY: a live buffer.
    unsafe { crate::reactor::buffer::put_in_order(std::ptr::from_ref(b).cast_mut()) }
}
