//! The connections of a loop: those that have come to it and haven't closed, also where the program took
//! their channel off. Adding and removing one takes the same time however many there are.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::of;
use crate::reactor::tcp_connection::Connection;
use crate::sys::pool;
use std::ptr;

/// All zeroes: none.
pub struct Roster {
    places: *mut *mut Connection,
    len: u32,
    capacity: u32,
}

/// The first table is a run of the pool's smallest size.
const FIRST: u32 = 8192;

impl Roster {
    fn grow(&mut self) -> bool {
        let Some(capacity) = self.capacity.checked_mul(2).map(|n| n.max(FIRST)) else {
            return false;
        };
        let size = capacity as usize * size_of::<*mut Connection>();
        let fresh = pool::run_alloc(size).cast::<*mut Connection>();
        if fresh.is_null() {
            return false;
        }
        if !self.places.is_null() {
            // SAFETY: the new run is larger, and the old one has `len` places.
            unsafe { ptr::copy_nonoverlapping(self.places, fresh, self.len as usize) };
            self.free();
        }
        (self.places, self.capacity) = (fresh, capacity);
        true
    }

    fn free(&mut self) {
        // SAFETY: a run of the pool. How much of it was ever written isn't known.
        unsafe { pool::run_drop(self.places.cast()) };
    }
}

/// Adds a connection. False when memory is out.
///
/// # Safety
/// On the loop's thread; the connection isn't in the roster.
pub unsafe fn add(conn: *mut Connection) -> bool {
    // SAFETY: the table has room for one more; a connection in the roster is live.
    unsafe {
        let roster = &mut (*of((*conn).public.eventLoop.get())).roster;
        if roster.len == roster.capacity && !roster.grow() {
            return false;
        }
        roster.places.add(roster.len as usize).write(conn);
        roster.len += 1;
        (*conn).place.set(roster.len);
        true
    }
}

/// Takes a connection out, if it is there: the last one gets its place.
///
/// # Safety
/// On the loop's thread; a connection that wasn't freed yet.
pub unsafe fn remove(conn: *mut Connection) {
    // SAFETY: places in use lie below `len`, and hold live connections.
    unsafe {
        let place = (*conn).place.replace(0);
        if place == 0 {
            return;
        }
        let roster = &mut (*of((*conn).public.eventLoop.get())).roster;
        roster.len -= 1;
        let last = *roster.places.add(roster.len as usize);
        if last != conn {
            roster.places.add(place as usize - 1).write(last);
            (*last).place.set(place);
        }
    }
}

/// Calls `f` with each connection. Those that `f` adds may be left out.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn each(l: *mut event_loop, mut f: impl FnMut(*mut Connection)) {
    // SAFETY: the table is read afresh around each call, which may change it.
    unsafe {
        let roster = &raw const (*of(l)).roster;
        let mut i = 0;
        while i < (*roster).len {
            let conn = *(*roster).places.add(i as usize);
            f(conn);
            if i < (*roster).len && *(*roster).places.add(i as usize) == conn {
                i += 1;
            }
        }
    }
}

/// Frees the table.
///
/// # Safety
/// The loop has no connections any more.
pub unsafe fn free(l: *mut event_loop) {
    // SAFETY: as said; nothing points into the table.
    unsafe {
        let roster = &mut (*of(l)).roster;
        if !roster.places.is_null() {
            roster.free();
            (roster.places, roster.len, roster.capacity) = (ptr::null_mut(), 0, 0);
        }
    }
}
