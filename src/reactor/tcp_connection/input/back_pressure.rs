//! Reading waits for writing. While a connection's output is stuck, more input would mostly become
//! more output: reading is put off until the queue is sent, so that memory and copying stay small.
//! But never for long: a peer may have to send all before it reads, so after `HOLD_MS` a turn of
//! reading is due, and so on until the queue is sent or has reached its limit.
//!
//! The channel's public events don't change; the library's back ends leave reading out of what they
//! ask the kernel for. A program's own back end knows nothing of this.

use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::output::{queue, write};
use crate::reactor::tcp_connection::shims;
use std::ptr;

const HOLD_MS: i64 = 10;

/// Puts reading off; the caller's update of the channel makes it count.
pub fn begin(conn: &Connection) {
    if !conn.registered.get() || conn.may_read.get() {
        return;
    }
    if shims::is_held(conn) != Some(false) {
        return;
    }
    shims::set_held(conn, true);
    conn.held_until.set((iteration::now_ms() + HOLD_MS) as u32);
    if !conn.on_held.replace(true) {
        append(conn.event_loop(), conn);
    }
}

fn append(own: &Loop, conn: &Connection) {
    // SAFETY: the list is this thread's.
    unsafe {
        conn.next_held.set(ptr::null_mut());
        if own.held.get().is_null() {
            own.held.set(conn.raw());
        } else {
            (*own.held_tail.get()).next_held.set(conn.raw());
        }
        own.held_tail.set(conn.raw());
    }
}

/// Reading is wanted again; the caller's update of the channel makes it count.
pub fn end(conn: &Connection) {
    conn.may_read.set(false);
    if conn.registered.get() {
        shims::set_held(conn, false);
    }
}

/// Whether reading is put off.
pub fn is_held(conn: &Connection) -> bool {
    conn.registered.get() && shims::is_held(conn) == Some(true)
}

/// A turn of reading is over: the next one waits again if output still does.
pub fn after_reading(conn: &Connection) {
    if !conn.may_read.replace(false) {
        return;
    }
    if conn.registered.get() && !queue::is_empty(conn) {
        begin(conn);
        write::refresh(conn);
    }
}

/// Gives a turn of reading to those that have waited long enough.
pub fn end_holding(l: &Loop) {
    // SAFETY: a listed connection isn't freed.
    unsafe {
        let own = l;
        let now = iteration::now_ms() as u32;
        let last = own.held_tail.get();
        while !own.held.get().is_null() {
            let conn = &*own.held.get();
            let closed = conn.life.is_closed();
            if !closed && (conn.held_until.get().wrapping_sub(now) as i32) > 0 {
                return;
            }
            own.held.set(conn.next_held.get());
            conn.on_held.set(false);
            if !closed && is_held(conn) {
                shims::set_held(conn, false);
                conn.may_read.set(true);
                write::refresh(conn);
            }
            if ptr::eq(conn, last) {
                return;
            }
        }
    }
}
