//! What few connections have: user data, limits, water marks, timeouts, a file to send, a body that only the
//! end of the stream ends, a pace of reading. Made when first needed and freed with the connection, so that
//! the others stay small.

use super::{Connection, LIMIT};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::filter;
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

pub struct ColdState {
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
    pub pace: Cell<pace::Pace>,
    pub filter: filter::Slot,
}

impl Connection {
    /// The cold state, None as long as nothing has needed one.
    #[inline]
    pub fn cold(&self) -> Option<&ColdState> {
        // SAFETY: the block that `make_cold` put there stays until the connection is freed.
        unsafe { self.cold.load(Acquire).as_ref() }
    }

    /// The cold state, made now if there was none; None when memory is out.
    pub fn make_cold(&self) -> Option<&ColdState> {
        if self.cold().is_none() {
            let fresh = pool::alloc(size_of::<ColdState>()).cast::<ColdState>();
            if fresh.is_null() {
                return None;
            }
            // SAFETY: a fresh block of that size, filled before it is shown to other threads. It is given back
            // only where nobody has seen it: the thread of the completed callback and the loop's may both come here.
            unsafe {
                fresh.write(ColdState::new());
                let put = self.cold.compare_exchange(ptr::null_mut(), fresh, AcqRel, Acquire);
                if put.is_err() {
                    pool::free(fresh.cast(), size_of::<ColdState>());
                }
            }
        }
        self.cold()
    }
}

impl ColdState {
    fn new() -> ColdState {
        ColdState {
            user_data: AtomicPtr::new(ptr::null_mut()),
            destroy: Cell::new(None),
            max_queued: AtomicU32::new(LIMIT as u32),
            refuses: AtomicBool::new(false),
            max_unread: Cell::new(LIMIT),
            tail: AtomicU8::new(shutdown::Tail::None as u8),
            marks: water_marks::State::new(),
            times: timeouts::State::new(),
            file: file::State::new(),
            pace: Cell::new(pace::Pace::Full),
            filter: filter::Slot::new(),
        }
    }

    /// Sets the limits of the connection's memory. On its thread, or before it comes to its loop.
    pub fn set_limits(&self, limits: Limits) {
        let or_default = |n: usize| if n == 0 { LIMIT } else { n };
        self.max_queued.store(or_default(limits.max_queued).min(SIZE_MAX) as u32, Relaxed);
        self.refuses.store(limits.policy == REFUSE, Relaxed);
        self.max_unread.set(or_default(limits.max_unread));
    }
}

/// Frees the extras of a connection that is freed next, and its user data with them.
///
/// # Safety
/// Nobody else has the connection any more.
pub unsafe fn dispose(conn: *mut Connection) {
    // SAFETY: the block is this connection's alone; the destructor is called once, as it is given up.
    unsafe {
        let x = (*conn).cold.swap(ptr::null_mut(), Acquire);
        if x.is_null() {
            return;
        }
        let (data, destroy) = ((*x).user_data.load(Acquire), (*x).destroy.get());
        x.drop_in_place();
        pool::free(x.cast(), size_of::<ColdState>());
        if let Some(destroy) = destroy {
            destroy(data);
        }
    }
}

/// Whether settings need extras.
pub fn are_needed(s: &Settings) -> bool {
    let default = Settings::DEFAULT;
    s.timeouts != default.timeouts || s.limits != default.limits || s.marks.high != 0
}

/// A connection's limit of unread bytes.
pub fn max_unread(conn: &Connection) -> usize {
    conn.cold().map_or(LIMIT, |cold| cold.max_unread.get())
}

/// A connection comes to its loop: what has to do with time and with the queue begins.
pub fn begin(conn: &Connection) {
    if conn.cold().is_none() {
        return;
    }
    if !timeouts::begin(conn) {
        ready::close_in_pass(conn, CloseReason::NoMemory);
    }
    water_marks::look(conn);
    if timeouts::is_cut(conn) {
        shutdown::begin_end(conn);
    }
}
