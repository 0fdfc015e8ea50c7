//! What stands behind the public `struct event_loop`.

use super::tcp_connection::Connection;
use super::tcp_server::Server;
use super::wake_flag::WakeFlag;
use crate::abi::types::{channel, channel_map, event_loop};
use libc::{c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

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
    pub registrations: *mut Registration,
    pub registrations_len: usize,
    /// Calls on this thread's stack that run callbacks; what they may still use is not freed.
    pub depth: u32,
    /// The back end's flags of the event being delivered (`delivery`); 0: only readiness is known.
    pub event_bits: u32,
    /// The connection being taken off is closed right after.
    pub closes_next: bool,
    /// Callbacks' events so far: tells whether a pass was idle.
    pub delivered: u64,
    /// The block that connections read into, lent for the callback.
    pub hot: *mut u8,
    /// An empty string, for buffers that hold nothing.
    pub empty: *mut u8,
    pub http: *mut c_void,
    /// Connections with work left for this pass.
    pub ready: *mut Connection,
    pub ready_tail: *mut Connection,
    /// Connections whose closed callback ran.
    pub dead: *mut Connection,
    /// Half-closed connections that wait for the peer's end.
    pub lingering: *mut Connection,
    /// Connections whose reading was put off, the oldest first.
    pub held: *mut Connection,
    pub held_tail: *mut Connection,
    /// The servers that were started here, and those of them that are out of descriptors.
    pub servers: *mut Server,
    pub resting: *mut Server,
    pub next_tick: i64,
    /// The back end's data as last seen, and whether its init ran again since.
    pub backend_seen: *mut c_void,
    pub backend_again: bool,
    pub wake: WakeFlag,
}

/// The private face of a public pointer.
pub fn of(l: *mut event_loop) -> *mut Loop {
    l.cast()
}

/// Whether C asked the loop to stop, from whatever thread.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn quits(l: *mut event_loop) -> bool {
    // SAFETY: the field is an aligned int in live memory; other threads write it as such.
    unsafe { AtomicI32::from_ptr(&raw mut (*l).quit).load(Relaxed) != 0 }
}

/// The registration of `fd`, NULL beyond the table.
///
/// # Safety
/// `l` is a live loop, on its own thread.
pub unsafe fn registration(l: *mut event_loop, fd: c_int) -> *mut Registration {
    // SAFETY: the table has `registrations_len` entries.
    unsafe {
        let l = of(l);
        if fd < 0 || fd as usize >= (*l).registrations_len {
            return std::ptr::null_mut();
        }
        (*l).registrations.add(fd as usize)
    }
}

/// The registered channel of `fd`, NULL where none is.
///
/// # Safety
/// `l` is a live loop, on its own thread.
pub unsafe fn channel_at(l: *mut event_loop, fd: c_int) -> *mut channel {
    // SAFETY: the public map has `nentries` entries.
    unsafe {
        let map = (*l).channelMap;
        if fd < 0 || fd >= (*map).nentries {
            return std::ptr::null_mut();
        }
        (*(*map).entries.add(fd as usize)).cast()
    }
}
