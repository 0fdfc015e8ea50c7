//! A connection: what stands behind the public `struct tcp_connection`, and its exports.
//!
//! `life` makes and registers it, `read` takes bytes in and calls the message callback, `write` sends,
//! with the `queue` and its limits (`room`) for what the socket doesn't take, `file` sends one that
//! stands in the queue, `write_side` says what is accepted, `finish` has the last that is sent. `turns`
//! gives a connection its turn in the pass, `end` closes and frees. `hold` lets a peer that doesn't read
//! wait before it is read from, `pause` is the program's own stop. `overdue` looks before a limit of time
//! ends a connection. `extras` has what few connections need: `marks`, `timeouts`, user data, limits.
//! `settings` are what a program gives it; `exports` has the functions of tcp_connection.h, `control` and
//! `handle` those of yolanda.h.

pub mod close_reason;
pub mod cold_state;
pub mod control;
pub mod filter;
pub mod handle;
pub mod input;
pub mod lifecycle;
pub mod output;
pub mod owner;
pub mod posted;
pub mod protocol;
pub mod raw;
pub mod settings;
mod shims;
mod wire;

pub use lifecycle::open::discard;
pub use output::batch::Together;
pub use owner::Owner;
pub use raw::*;

use crate::abi::types::{buffer, channel, tcp_connection};
use crate::reactor::tcp_connection::lifecycle::phase::Life;
use crate::reactor::tcp_connection::output::write_side::{Intake, Side};
use crate::reactor::tcp_connection::wire::Wire;
use crate::sync::in_use::InUse;
use crate::sync::refs::RefCount;
use crate::sys::kind::Kind;
use libc::{c_char, c_int};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicI16, AtomicPtr, AtomicU32};

/// Bytes queued for a peer that doesn't read, and bytes unread by a callback that doesn't consume.
const LIMIT: usize = 64 << 20;

/// Work for the next turn in the pass: a later one includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Work {
    None,
    Read,
    /// A limit of time seems to be over (`overdue`).
    Judge,
}

/// One block of memory holds all of a connection: an idle one has nothing else.
#[repr(C)]
pub struct Connection {
    pub public: tcp_connection,
    pub channel: channel,
    pub input: buffer,
    pub output: buffer,
    /// "connection-FD"
    name: [c_char; 22],
    pub registered: Cell<bool>,
    wire: Cell<Wire>,
    /// The descriptor as it was entered, whatever a program writes into `channel->fd`.
    number: Cell<c_int>,
    /// How much of the output block was ever written.
    output_touched: Cell<u32>,
    /// Its number in the registry; also that of its registration.
    pub id: Cell<u64>,
    /// What the descriptor refers to, folded, so that closing never hits a successor. 0: not asked yet,
    /// as no code of the program could have closed it, or epoll will tell.
    identity: Cell<u32>,
    /// Its place in the loop's roster, counted from 1; 0: none.
    pub place: Cell<u32>,
    /// The pool blocks that the library put into the buffers; C may have put others there since.
    input_block: Cell<*mut u8>,
    output_block: Cell<*mut u8>,
    pub owner: Cell<Owner>,
    next_ready: Cell<*mut Connection>,
    next_dead: Cell<*mut Connection>,
    next_lingering: Cell<*mut Connection>,
    next_held: Cell<*mut Connection>,
    /// NULL: the defaults.
    cold: AtomicPtr<cold_state::ColdState>,
    /// Who needs the memory: the library, tasks, whoever retained it.
    pub refs: RefCount,
    /// Tasks that wait with this connection.
    pub pins: AtomicU32,
    /// Bytes that were accepted from senders and not yet by the kernel, posted ones included; and
    /// those of them that the queue has (`room`).
    intake: Intake,
    counted: Cell<u32>,
    /// Low bits of the clock's milliseconds.
    linger_until: Cell<u32>,
    held_until: Cell<u32>,
    /// Why it closes (`turns::decide`): 0 while that isn't decided, then one more than the errno
    /// value.
    close_reason: AtomicI16,
    /// The end of what is sent.
    side: Cell<Side>,
    /// Other threads ask the kernel for its addresses.
    descriptor: InUse,
    life: Life,
    /// At least a byte has arrived.
    received: Cell<bool>,
    /// The peer's end of stream was seen.
    ended: Cell<bool>,
    /// An answer is outstanding that the peer's end doesn't cut off.
    answering: Cell<bool>,
    /// What comes after the last that is sent.
    after_sending: Cell<AfterSending>,
    on_ready: Cell<bool>,
    on_lingering: Cell<bool>,
    on_held: Cell<bool>,
    /// Reading goes on for a turn although output waits.
    may_read: Cell<bool>,
    /// The program stopped reading.
    paused: Cell<bool>,
    /// The next turn of reading begins with what was left unread.
    owes_message: Cell<bool>,
    work: Cell<Work>,
    /// A file stands in the queue (`file`).
    sends_file: Cell<bool>,
    /// An answer of its own is in the loop's group (`together`).
    waits_together: Cell<bool>,
}

/// What a connection does once all is sent. From the second on, what arrives is dropped.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterSending {
    GoOn,
    Close,
    /// It waits for the peer's end first, so that no reset takes back what was sent.
    Linger,
}

const _: () = assert!(size_of::<Connection>() <= 336);

impl Connection {
    fn input_ptr(&self) -> *mut buffer {
        ptr::from_ref(&self.input).cast_mut()
    }

    fn output_ptr(&self) -> *mut buffer {
        ptr::from_ref(&self.output).cast_mut()
    }

    /// What the descriptor is.
    pub fn kind(&self) -> Kind {
        self.wire.get().kind()
    }

    /// Whether the descriptor is that; quicker than asking what it is.
    pub fn is_kind(&self, kind: Kind) -> bool {
        self.wire.get().is(kind)
    }

    fn channel_ptr(&self) -> *mut channel {
        ptr::from_ref(&self.channel).cast_mut()
    }
}

/// The connection whose own channel this is, as long as its callbacks are the library's; else NULL.
///
/// # Safety
/// `ch` is NULL or a live channel.
pub unsafe fn of_channel(ch: *mut channel) -> *mut Connection {
    // SAFETY: only the library has these two callbacks, and it puts the connection beside them;
    // a copy of such a channel is told by its address.
    unsafe {
        if ch.is_null() {
            return ptr::null_mut();
        }
        let read = (*ch).eventReadCallback.get().map(|f| f as usize);
        let write = (*ch).eventWriteCallback.get().map(|f| f as usize);
        if read != Some(input::read::ON_READABLE as usize)
            || write != Some(output::write::ON_WRITABLE as usize)
        {
            return ptr::null_mut();
        }
        let conn = (*ch).data.get().cast::<Connection>();
        if !conn.is_null() && (*conn).channel_ptr() == ch { conn } else { ptr::null_mut() }
    }
}
