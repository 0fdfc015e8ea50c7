//! What stands behind the public `struct event_loop`.

use crate::abi::types::{channel, channel_map, event_loop};
use crate::reactor::backend::epoll::Batch;
use crate::reactor::client::{Client, Job};
use crate::reactor::event_loop::budget::Budget;
use crate::reactor::event_loop::posts::Taken;
use crate::reactor::event_loop::roster::Roster;
use crate::reactor::event_loop::signals::Watchers;
use crate::reactor::event_loop::timers::Timers;
use crate::reactor::tcp_connection::input::source::Source;
use crate::reactor::tcp_connection::{Connection, Together};
use crate::reactor::tcp_server::{Listener, Server};
use crate::reactor::threads::thread_pool::Pool;
use crate::sync::refs::{RefCount, Released};
use crate::sync::wake_flag::WakeFlag;
use crate::sys::pool;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed,
};

/// One registered channel. The channel itself is `channelMap->entries[fd]`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Registration {
    /// The lower half of the registration's number; 0: none. Events carry it, so that what a
    /// closed number had pending never reaches its successor.
    pub id: u32,
    /// What the descriptor referred to when it was added, folded (0 for connections: they know).
    pub identity: u32,
    /// The wanted events as of the last add or update.
    pub events: u8,
    pub connection: bool,
    /// Registered edge-triggered.
    pub edge: bool,
    /// Taken out of the back end until the next update.
    pub parked: bool,
    /// A library back end leaves reading out while output waits (`tcp_connection::write`).
    pub held: bool,
}

/// All zeroes, as a fresh table is.
pub const UNREGISTERED: Registration = Registration {
    id: 0,
    identity: 0,
    events: 0,
    connection: false,
    edge: false,
    parked: false,
    held: false,
};

/// A loop of this library: the public struct first, so that the pointers are the same.
#[repr(C)]
pub struct Loop {
    pub public: event_loop,
    pub map: channel_map,
    pub wake_channel: channel,
    /// Outgrown arrays of the map, one per doubling.
    pub outgrown: [*mut *mut c_void; 32],
    pub registrations: Cell<*mut Registration>,
    pub registrations_len: Cell<usize>,
    /// Calls on this thread's stack that run callbacks; what they may still use is not freed.
    pub depth: Cell<u32>,
    /// The back end's flags of the event being delivered (`delivery`); 0: only readiness is known.
    pub event_bits: Cell<u32>,
    /// The connection being taken off is closed right after.
    pub closes_next: Cell<bool>,
    pub counts: Counts,
    /// The block that connections read into, lent for the callback.
    pub hot: Cell<*mut u8>,
    /// The back end, where it reads from connections by itself.
    pub source: Cell<Option<&'static Source>>,
    /// Answers that wait to be sent; NULL before the first.
    pub together: Cell<*mut Together>,
    /// An empty string, for buffers that hold nothing; also of connections that outlive the loop.
    pub empty: Cell<*mut u8>,
    /// What a protocol keeps here for its connections, what frees it when the loop ends, and its timer.
    pub attachment: Cell<*mut c_void>,
    pub on_free_attachment: Cell<Option<unsafe fn(*mut c_void)>>,
    pub attachment_timer: Cell<u64>,
    pub roster: Roster,
    /// Connections with work left for a pass, and those whose turn has come in this one.
    pub ready: Cell<*mut Connection>,
    pub ready_tail: Cell<*mut Connection>,
    pub turning: Cell<*mut Connection>,
    /// Events that calls of the epoll back end on this thread's stack have still to deliver.
    pub delivering: Cell<*mut Batch>,
    /// Connections whose closed callback ran.
    pub dead: Cell<*mut Connection>,
    /// Half-closed connections that wait for the peer's end.
    pub lingering: Cell<*mut Connection>,
    /// Connections whose reading was put off, the oldest first.
    pub held: Cell<*mut Connection>,
    pub held_tail: Cell<*mut Connection>,
    /// The servers and the thread pools whose main loop this is.
    pub servers: Cell<*mut Server>,
    pub pools: Cell<*mut Pool>,
    /// The sockets that accept here, and how many of them are out of descriptors.
    pub listeners: Cell<*mut Listener>,
    pub resting: Cell<u32>,
    /// Those that are to accept here: under the public mutex.
    pub arriving: Cell<*mut Listener>,
    /// There are connections whose server is ending.
    pub sweeps: Cell<bool>,
    /// The clients that were made here, and the names that they have asked for.
    pub clients: Cell<*mut Client>,
    pub jobs: Cell<*mut Job>,
    pub next_tick: Cell<i64>,
    /// Milliseconds of the coarse monotonic clock, as of this pass's events.
    pub now_ms: Cell<i64>,
    /// Which time callbacks may take (`budget`).
    pub budget: Budget,
    /// When a callback was last run, and whether the pools were trimmed since.
    pub last_busy: Cell<i64>,
    pub trimmed: Cell<bool>,
    pub timers: Timers,
    pub signals: Watchers,
    /// Tasks that were queued and are being carried out.
    pub taken: Taken,
    /// The loop's own copy of its name, or NULL.
    pub name: Cell<*mut libc::c_char>,
    /// The process that made the loop, or made it its own (`inherit`).
    pub process: Cell<libc::pid_t>,
    /// The back end's data as last seen, and whether its init ran again since.
    pub backend_seen: Cell<*mut c_void>,
    pub backend_again: Cell<bool>,
    pub wake: WakeFlag,
    /// Why somebody wants the loop to look at its servers (`tcp_server::attention`).
    pub attention: AtomicU8,
    /// The library ends the loop: its thread closes what it has, and ends, too.
    pub ends: AtomicBool,
    /// The loop was freed: under the public mutex. Only its memory is still there.
    pub gone: Cell<bool>,
    /// It is being freed, and takes nothing more from other threads: under the public mutex.
    pub ending: Cell<bool>,
    /// Who needs the memory: the owner, each connection, each job that will report to the loop.
    refs: RefCount,
}

/// What `yolanda_loop_get_stats` tells. Written on the loop's thread only, read on any.
#[derive(Default)]
pub struct Counts {
    pub passes: AtomicU64,
    pub wakeups: AtomicU64,
    pub callbacks: AtomicU64,
    pub posts: AtomicU64,
    pub timers: AtomicU64,
    pub connections: AtomicU64,
    pub connections_total: AtomicU64,
    pub bytes_read: AtomicU64,
    pub bytes_written: AtomicU64,
}

#[allow(dead_code)]
impl Loop {
    /// The loop behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`.
    pub unsafe fn from_c<'a>(l: *mut event_loop) -> &'a Loop {
        // SAFETY: the public struct is the first field of every loop of the library.
        unsafe { &*l.cast::<Loop>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut event_loop {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Frees what a protocol keeps here.
    pub fn free_attachment(&self) {
        let kept = self.attachment.replace(std::ptr::null_mut());
        if let Some(free) = self.on_free_attachment.get()
            && !kept.is_null()
        {
            // SAFETY: who set the attachment set this function for it.
            unsafe { free(kept) };
        }
    }
}

/// Adds to a count of the loop's own thread: no lock prefix is needed.
pub fn count(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
}

const EMPTY: usize = 16;

/// Memory for a loop, zeroed, with one reference; NULL when memory is out.
pub fn allocate() -> *mut Loop {
    // SAFETY: the block has the struct's size, and all zeroes are a valid value of it.
    unsafe {
        let own = libc::calloc(1, size_of::<Loop>()).cast::<Loop>();
        let empty = pool::alloc(EMPTY);
        if own.is_null() || empty.is_null() {
            libc::free(own.cast());
            if !empty.is_null() {
                pool::free(empty, EMPTY);
            }
            crate::sys::errno::set(libc::ENOMEM);
            return std::ptr::null_mut();
        }
        empty.write_bytes(0, EMPTY);
        (*own).empty.set(empty);
        (*own).refs = RefCount::new();
        own
    }
}

/// Keeps the loop's memory, for something that may outlive the loop.
///
/// # Safety
/// `l` is live, or somebody else's reference keeps its memory meanwhile.
pub unsafe fn retain(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe { (*of(l)).refs.retain() };
}

/// Gives a reference of `retain` back; the last one frees the memory.
///
/// # Safety
/// The reference is the caller's, and isn't used any more.
pub unsafe fn release(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        if (*of(l)).refs.release() == Released::Last {
            free(l);
        }
    }
}

/// Gives the owner's reference back.
///
/// # Safety
/// Only who frees the loop, once.
pub unsafe fn give_up(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        if (*of(l)).refs.let_go() == Released::Last {
            free(l);
        }
    }
}

unsafe fn free(l: *mut event_loop) {
    // SAFETY: the last reference is gone: nobody else has the pointer.
    unsafe {
        pool::free((*of(l)).empty.get(), EMPTY);
        libc::free((*of(l)).name.get().cast());
        libc::free(l.cast());
    }
}

/// The private face of a public pointer.
pub fn of(l: *mut event_loop) -> *mut Loop {
    l.cast()
}

/// Whether C or the library asked the loop to stop, from whatever thread.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn quits(l: *mut event_loop) -> bool {
    // SAFETY: the field is an aligned int in live memory; other threads write it as such.
    unsafe {
        AtomicI32::from_ptr((*l).quit.as_ptr()).load(Acquire) != 0 || (*of(l)).ends.load(Relaxed)
    }
}

/// The registration of `fd`, NULL beyond the table.
///
/// # Safety
/// `l` is a live loop, on its own thread.
pub unsafe fn registration(l: *mut event_loop, fd: c_int) -> *mut Registration {
    // SAFETY: the table has `registrations_len` entries.
    unsafe {
        let l = of(l);
        if fd < 0 || fd as usize >= (*l).registrations_len.get() {
            return std::ptr::null_mut();
        }
        (*l).registrations.get().add(fd as usize)
    }
}

/// The registered channel of `fd`, NULL where none is.
///
/// # Safety
/// `l` is a live loop, on its own thread.
pub unsafe fn channel_at(l: *mut event_loop, fd: c_int) -> *mut channel {
    // SAFETY: the public map has `nentries` entries.
    unsafe {
        let map = (*l).channelMap.get();
        if fd < 0 || fd >= (*map).nentries.get() {
            return std::ptr::null_mut();
        }
        (*(*map).entries.get().add(fd as usize)).cast()
    }
}
