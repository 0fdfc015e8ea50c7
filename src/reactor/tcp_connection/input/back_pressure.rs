//! Reading waits for writing. While a connection's output is stuck, more input would mostly become
//! more output: reading is put off until the queue is sent, so that memory and copying stay small.
//! But never for long: a peer may have to send all before it reads, so after `HOLD_MS` a turn of
//! reading is due, and so on until the queue is sent or has reached its limit.
//!
//! The channel's public events don't change; the library's back ends leave reading out of what they
//! ask the kernel for. A program's own back end knows nothing of this.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::{of as loop_of, registration};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::output::{queue, write};
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

const HOLD_MS: i64 = 10;

/// Puts reading off; the caller's update of the channel makes it count.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn begin(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if !(*conn).registered.get() || (*conn).may_read.get() {
            return;
        }
        let l = (*conn).public.eventLoop.get();
        let reg = registration(l, (*conn).number.get());
        if reg.is_null() || (*reg).held {
            return;
        }
        (*reg).held = true;
        (*conn).held_until.set((iteration::now_ms() + HOLD_MS) as u32);
        if !(*conn).on_held.replace(true) {
            append(loop_of(l), conn);
        }
    }
}

unsafe fn append(own: *mut crate::reactor::event_loop::state::Loop, conn: *mut Connection) {
    // SAFETY: the list is this thread's.
    unsafe {
        (*conn).next_held.set(ptr::null_mut());
        if (*own).held.get().is_null() {
            (*own).held.set(conn);
        } else {
            (*(*own).held_tail.get()).next_held.set(conn);
        }
        (*own).held_tail.set(conn);
    }
}

/// Reading is wanted again; the caller's update of the channel makes it count.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn end(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        (*conn).may_read.set(false);
        let reg = registration((*conn).public.eventLoop.get(), (*conn).number.get());
        if (*conn).registered.get() && !reg.is_null() {
            (*reg).held = false;
        }
    }
}

/// Whether reading is put off.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn is_held(conn: *mut Connection) -> bool {
    // SAFETY: as said.
    unsafe {
        let reg = registration((*conn).public.eventLoop.get(), (*conn).number.get());
        (*conn).registered.get() && !reg.is_null() && (*reg).held
    }
}

/// A turn of reading is over: the next one waits again if output still does.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn after_reading(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if !(*conn).may_read.replace(false) {
            return;
        }
        if (*conn).registered.get() && !queue::is_empty(conn) {
            begin(conn);
            write::refresh(conn);
        }
    }
}

/// Gives a turn of reading to those that have waited long enough.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn end_holding(l: *mut event_loop) {
    // SAFETY: a listed connection isn't freed.
    unsafe {
        let own = loop_of(l);
        let now = iteration::now_ms() as u32;
        let last = (*own).held_tail.get();
        while !(*own).held.get().is_null() {
            let conn = (*own).held.get();
            let closed = (*conn).closed.load(Relaxed);
            if !closed && ((*conn).held_until.get().wrapping_sub(now) as i32) > 0 {
                return;
            }
            (*own).held.set((*conn).next_held.get());
            (*conn).on_held.set(false);
            let reg = registration(l, (*conn).number.get());
            if !closed && (*conn).registered.get() && !reg.is_null() && (*reg).held {
                (*reg).held = false;
                (*conn).may_read.set(true);
                write::refresh(conn);
            }
            if conn == last {
                return;
            }
        }
    }
}
