//! A connection's registration with its loop: the entry for its number, the events of its channel, and the roster.

use super::lifecycle::ready;
use super::{Connection, lists};
use crate::reactor::event_loop::changes;
use crate::reactor::event_loop::registration::Removed;
use libc::c_int;

/// Whether reading is deferred for the connection's number. None if the number isn't registered.
pub fn is_deferred(conn: &Connection) -> Option<bool> {
    conn.event_loop().registration(conn.number.get()).map(|reg| reg.read_deferred)
}

pub fn set_deferred(conn: &Connection, deferred: bool) {
    conn.event_loop().change_registration(conn.number.get(), |reg| reg.read_deferred = deferred);
}

pub fn take_off(conn: &Connection, fd: c_int) -> Removed {
    conn.event_loop().take_off(fd, conn.channel_ptr())
}

pub fn add_channel(conn: &Connection, fd: c_int) -> c_int {
    // SAFETY: a connection is removed from its loop before it is freed.
    unsafe { conn.event_loop().change(fd, conn.channel_ptr(), changes::ADD) }
}

fn update_channel(conn: &Connection) -> c_int {
    conn.event_loop().update_channel(conn.number.get(), conn.channel_ptr())
}

pub fn enlist(conn: &Connection) -> bool {
    lists::roster(conn.event_loop()).add(conn)
}

pub fn delist(conn: &Connection) {
    lists::roster(conn.event_loop()).remove(conn);
}

/// Sets and applies the channel's events.
pub fn set_events(conn: &Connection, events: c_int) {
    let ch = &conn.channel;
    if ch.events.get() == events {
        return;
    }
    ch.events.set(events);
    // If the connection isn't registered yet, they apply when it is.
    if conn.watch.is_on() {
        refresh(conn);
    }
}

/// Applies the channel's events, and whether reading is deferred.
pub fn refresh(conn: &Connection) {
    if update_channel(conn) < 0 {
        ready::close_unwatched(conn);
    }
}
