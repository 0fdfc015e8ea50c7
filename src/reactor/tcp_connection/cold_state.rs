//! What few connections have: user data, limits, water marks, timeouts, a file to send, a body that only the
//! end of the stream ends, a pace of reading. Made when first needed and freed with the connection, so that
//! the others stay small.

use super::{Connection, LIMIT};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::input::pace;
use crate::reactor::tcp_connection::lifecycle::{ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::{file, water_marks};
use crate::reactor::tcp_connection::settings::{Limits, REFUSE, Settings};
use crate::sys::pool;
use libc::c_void;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering::AcqRel, Ordering::Acquire,
    Ordering::Relaxed,
};

pub type Destroy = Option<unsafe extern "C-unwind" fn(*mut c_void)>;

pub struct Extras {
    pub user_data: AtomicPtr<c_void>,
    pub destroy: Cell<Destroy>,
    /// The limit of queued bytes and its policy, for sends on any thread.
    pub max_queued: AtomicU32,
    pub refuses: AtomicBool,
    pub max_unread: Cell<usize>,
    /// What a peer that goes by the end of the stream still has to get (`shutdown::Tail`).
    pub tail: AtomicU8,
    pub marks: water_marks::State,
    pub times: timeouts::State,
    pub file: file::State,
    pub pace: pace::Pace,
}

/// A connection's extras, NULL for none.
///
/// # Safety
/// A connection that wasn't freed yet.
#[inline]
pub unsafe fn get(conn: *const Connection) -> *mut Extras {
    // SAFETY: as said.
    unsafe { (*conn).extras.load(Acquire) }
}

/// A connection's extras, made now if there were none; NULL when memory is out.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn make(conn: *mut Connection) -> *mut Extras {
    // SAFETY: the block is filled before it is shown to other threads.
    unsafe {
        let there = get(conn);
        if !there.is_null() {
            return there;
        }
        let fresh = pool::alloc(size_of::<Extras>()).cast::<Extras>();
        if !fresh.is_null() {
            fresh.write(Extras {
                user_data: AtomicPtr::new(ptr::null_mut()),
                destroy: Cell::new(None),
                max_queued: AtomicU32::new(LIMIT as u32),
                refuses: AtomicBool::new(false),
                max_unread: Cell::new(LIMIT),
                tail: AtomicU8::new(shutdown::Tail::None as u8),
                marks: water_marks::State::NONE,
                times: timeouts::State::none(),
                file: file::State::NONE,
                pace: pace::Pace::Full,
            });
            // The thread of the completed callback and the loop's may both come here.
            let other = (*conn).extras.compare_exchange(ptr::null_mut(), fresh, AcqRel, Acquire);
            if let Err(theirs) = other {
                pool::free(fresh.cast(), size_of::<Extras>());
                return theirs;
            }
        }
        fresh
    }
}

/// Frees the extras of a connection that is freed next, and its user data with them.
///
/// # Safety
/// Nobody else has the connection any more.
pub unsafe fn dispose(conn: *mut Connection) {
    // SAFETY: the block is this connection's alone; the destructor is called once, as it is given up.
    unsafe {
        let x = (*conn).extras.swap(ptr::null_mut(), Acquire);
        if x.is_null() {
            return;
        }
        let (data, destroy) = ((*x).user_data.load(Acquire), (*x).destroy.get());
        pool::free(x.cast(), size_of::<Extras>());
        if let Some(destroy) = destroy {
            destroy(data);
        }
    }
}

/// Sets the limits of a connection's memory.
///
/// # Safety
/// On the connection's thread, or not announced.
pub unsafe fn set_limits(x: *mut Extras, limits: Limits) {
    let or_default = |n: usize| if n == 0 { LIMIT } else { n };
    // SAFETY: as said.
    unsafe {
        (*x).max_queued.store(or_default(limits.max_queued).min(SIZE_MAX) as u32, Relaxed);
        (*x).refuses.store(limits.policy == REFUSE, Relaxed);
        (*x).max_unread.set(or_default(limits.max_unread));
    }
}

/// Whether settings need extras.
pub fn are_needed(s: &Settings) -> bool {
    let default = Settings::DEFAULT;
    s.timeouts != default.timeouts || s.limits != default.limits || s.marks.high != 0
}

/// A connection's limit of unread bytes.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn max_unread(conn: *const Connection) -> usize {
    // SAFETY: as said.
    unsafe {
        let x = get(conn);
        if x.is_null() { LIMIT } else { (*x).max_unread.get() }
    }
}

/// A connection comes to its loop: what has to do with time and with the queue begins.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn begin(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if get(conn).is_null() {
            return;
        }
        if !timeouts::begin(conn) {
            ready::close_in_pass(conn, libc::ENOMEM);
        }
        water_marks::look(conn);
        if timeouts::is_cut(conn) {
            shutdown::begin_end(conn);
        }
    }
}
