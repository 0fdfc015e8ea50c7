//! State that few connections have: user data, limits, water marks, timeouts, a file to send, a body that is
//! terminated by the end of the stream, a pace of reading. It is made when first needed and freed with the
//! connection, so that other connections stay small.

use super::handlers::Handlers;
use super::remote::Remote;
use super::{Connection, LIMIT, filter};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::kept::Slot;
use crate::reactor::tcp_connection::input::pace_steps::Pace;
use crate::reactor::tcp_connection::settings::{Limits, REFUSE, Settings};
use crate::sys::pool::Owned;
use libc::c_void;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering::AcqRel, Ordering::Acquire,
    Ordering::Relaxed,
};

use super::settings::{Direction, Marks, Timeouts};
use libc::c_int;
use std::sync::atomic::AtomicI64;

/// Later than any time that can be set.
pub const NEVER: i64 = i64::MAX;

pub use crate::abi::types::Destroy;

pub struct ColdState {
    pub shared: SharedCold,
    pub destroy: Cell<Destroy>,
    pub handlers: Slot<Handlers>,
    pub max_unread: Cell<usize>,
    pub marks: Crossings,
    pub times: Times,
    pub file: File,
    pub pace: Cell<Pace>,
    pub filter: filter::Slot,
}

/// The part that other threads may use.
pub struct SharedCold {
    pub user_data: AtomicPtr<c_void>,
    /// The limit of queued bytes and its policy.
    pub max_queued: AtomicU32,
    pub refuses: AtomicBool,
    /// What the peer must still receive before the end of the stream (`Tail`).
    pub tail: AtomicU8,
}

const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<SharedCold>();
};

impl Remote {
    /// The shared part of the cold state. None if nothing has needed it yet.
    pub fn shared_cold(&self) -> Option<&SharedCold> {
        // SAFETY: the block that `make` stored is valid until the connection is freed.
        unsafe { self.cold.load(Acquire).as_ref().map(|cold| &cold.shared) }
    }

    /// The shared part of the cold state, made if there is none. None if out of memory.
    pub fn make_shared_cold(&self) -> Option<&SharedCold> {
        make(&self.cold).then(|| self.shared_cold())?
    }
}

impl Connection {
    /// The cold state. None if nothing has needed it yet.
    #[inline]
    pub fn cold(&self) -> Option<&ColdState> {
        // SAFETY: the block that `make` stored is valid until the connection is freed.
        unsafe { self.shared.cold.load(Acquire).as_ref() }
    }

    /// The cold state, made if there is none. None if out of memory.
    pub fn make_cold(&self) -> Option<&ColdState> {
        make(&self.shared.cold).then(|| self.cold())?
    }
}

/// Makes a cold state if there is none. False if out of memory.
fn make(place: &AtomicPtr<ColdState>) -> bool {
    if !place.load(Acquire).is_null() {
        return true;
    }
    let Some(fresh) = Owned::new(ColdState::new()) else { return false };
    let fresh = fresh.into_raw();
    if place.compare_exchange(ptr::null_mut(), fresh.as_ptr(), AcqRel, Acquire).is_err() {
        // SAFETY: no other thread has seen it, because another thread's was stored first.
        drop(unsafe { Owned::from_raw(fresh) });
    }
    true
}

impl ColdState {
    fn new() -> ColdState {
        ColdState {
            shared: SharedCold {
                user_data: AtomicPtr::new(ptr::null_mut()),
                max_queued: AtomicU32::new(LIMIT as u32),
                refuses: AtomicBool::new(false),
                tail: AtomicU8::new(Tail::None as u8),
            },
            destroy: Cell::new(None),
            handlers: Slot::empty(),
            max_unread: Cell::new(LIMIT),
            marks: Crossings::new(),
            times: Times::new(),
            file: File::new(),
            pace: Cell::new(Pace::Full),
            filter: filter::Slot::new(),
        }
    }

    /// Sets the memory limits of the connection. On its thread, or before it is registered with its loop.
    pub fn set_limits(&self, limits: Limits) {
        let or_default = |n: usize| if n == 0 { LIMIT } else { n };
        self.shared.max_queued.store(or_default(limits.max_queued).min(SIZE_MAX) as u32, Relaxed);
        self.shared.refuses.store(limits.policy == REFUSE, Relaxed);
        self.max_unread.set(or_default(limits.max_unread));
    }
}

/// A connection's limit of unread bytes.
pub fn max_unread(conn: &Connection) -> usize {
    conn.cold().map_or(LIMIT, |cold| cold.max_unread.get())
}

/// What a peer that relies on the end of the stream still has to receive.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tail {
    /// Nothing, or the peer doesn't rely on the end of the stream.
    None,
    /// The queued bytes.
    Queued,
    /// More than was sent so far.
    Unsent,
}

/// Times are nanoseconds of the monotonic clock.
pub struct Times {
    pub limits: Cell<Timeouts>,
    /// Which bytes keep the connection from being idle.
    pub direction: Cell<Direction>,
    /// When bytes were last received, when bytes were last sent, and when the queue was begun or last became
    /// shorter.
    pub received: Cell<i64>,
    pub sent: Cell<i64>,
    pub moved: Cell<i64>,
    /// The number of bytes that the kernel has accepted, and how many of them the peer had received at the last
    /// check (the low bits of both); and whether bytes were missing then.
    pub written: Cell<u32>,
    pub arrived: Cell<u32>,
    pub on_its_way: Cell<bool>,
    /// When the connection is closed in any case. Its loop sets it even while the completed callback uses the
    /// other fields.
    pub cut: AtomicI64,
    /// The timer, 0 if there is none, and when it is due.
    pub timer: Cell<u64>,
    pub due: Cell<i64>,
}

impl Times {
    /// Without any limits.
    pub fn new() -> Times {
        Times {
            limits: Cell::new(Settings::DEFAULT.timeouts),
            direction: Cell::new(Settings::DEFAULT.idle_direction),
            received: Cell::new(0),
            sent: Cell::new(0),
            moved: Cell::new(0),
            written: Cell::new(0),
            arrived: Cell::new(0),
            on_its_way: Cell::new(false),
            cut: AtomicI64::new(NEVER),
            timer: Cell::new(0),
            due: Cell::new(NEVER),
        }
    }

    /// When bytes have last passed in this direction.
    pub fn last(&self, direction: Direction) -> i64 {
        match direction {
            Direction::Both => self.received.get().max(self.sent.get()),
            Direction::Received => self.received.get(),
            Direction::Sent => self.sent.get(),
        }
    }

    pub fn is_on(&self) -> bool {
        self.limits.get() != Settings::DEFAULT.timeouts
    }
}

/// A file that is being sent, or what is left of the last one.
pub struct File {
    /// -1: there is none.
    pub fd: Cell<c_int>,
    /// The number of queued bytes that come before it.
    pub before: Cell<u32>,
    pub at: Cell<i64>,
    pub left: Cell<u64>,
}

impl File {
    pub fn new() -> File {
        File { fd: Cell::new(-1), before: Cell::new(0), at: Cell::new(0), left: Cell::new(0) }
    }

    /// Whether the file stands in the queue.
    pub fn is_there(&self) -> bool {
        self.fd.get() >= 0
    }
}

pub struct Crossings {
    pub marks: Cell<Marks>,
    /// The number of crossings that weren't reported to the program yet, alternately high and low.
    pub owed: Cell<u32>,
    /// Whether the last reported one was the high one.
    pub told: Cell<bool>,
}

impl Crossings {
    pub fn new() -> Crossings {
        Crossings {
            marks: Cell::new(Settings::DEFAULT.marks),
            owed: Cell::new(0),
            told: Cell::new(false),
        }
    }

    /// Whether the last crossing was upwards.
    pub fn is_above(&self) -> bool {
        self.told.get() != (self.owed.get() % 2 == 1)
    }
}

/// Frees the cold state and the user data of a connection that is about to be freed.
///
/// # Safety
/// Nothing else uses the connection any more.
pub unsafe fn dispose(conn: *mut Connection) {
    // SAFETY: only this connection refers to the block. The destructor is called once. The connection keeps the
    // loop's memory until `discard` releases it, after this call.
    unsafe {
        let x = (*conn).shared.cold.swap(ptr::null_mut(), Acquire);
        let Some(x) = NonNull::new(x) else { return };
        let (data, destroy) =
            ((*x.as_ptr()).shared.user_data.load(Acquire), (*x.as_ptr()).destroy.get());
        drop(Owned::from_raw(x));
        if let Some(destroy) = destroy {
            Remote::event_loop(&*conn).guarded_if_mine(|| destroy(data));
        }
    }
}
