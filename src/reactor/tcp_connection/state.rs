//! The object of a public `struct tcp_connection`.

#![forbid(unsafe_code)]

use super::owner::Owner;
use super::shared::Shared;
use crate::abi::types::{buffer, channel, tcp_connection};
use crate::reactor::list::Link;
use crate::reactor::tcp_connection::output::write_side::Side;
use crate::reactor::tcp_connection::wire::Wire;
use crate::sys::kind::Kind;
use libc::{c_char, c_int};
use std::cell::Cell;
use std::ptr;

/// The default limit of queued bytes, if the peer doesn't read, and of unread bytes, if the callback doesn't
/// consume.
pub(super) const LIMIT: usize = 64 << 20;

/// Work for the next turn in the iteration. Each kind includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Work {
    None,
    Read,
    /// A time limit seems to have passed (`overdue`).
    Judge,
}

/// A connection is one block of memory. An idle one has no other.
#[repr(C)]
pub struct Connection {
    pub public: tcp_connection,
    pub channel: channel,
    pub input: buffer,
    pub output: buffer,
    /// "connection-FD"
    pub(super) name: [c_char; 22],
    pub registered: Cell<bool>,
    pub(super) wire: Cell<Wire>,
    /// The descriptor when it was entered, whatever a program writes into `channel->fd`.
    pub(super) number: Cell<c_int>,
    /// How much of the output block was ever written to.
    pub(super) output_touched: Cell<u32>,
    /// Its number in the registry, which is also that of its registration.
    pub id: Cell<u64>,
    /// The identity of the descriptor's file, folded, so that closing never affects a successor. 0: not
    /// determined yet, because no code of the program could have closed it, or epoll will tell.
    pub(super) identity: Cell<u32>,
    /// Its position in the loop's roster, counted from 1; 0 if it isn't there.
    pub place: Cell<u32>,
    /// The pool blocks that the library put into the buffers. C code may have replaced them since.
    pub(super) input_block: Cell<*mut u8>,
    pub(super) output_block: Cell<*mut u8>,
    pub owner: Cell<Owner>,
    pub(super) in_ready: Link,
    pub(super) in_dead: Link,
    pub(super) in_lingering: Link,
    pub(super) in_deferred: Link,
    pub shared: Shared,
    /// Those bytes of `shared.intake` that are queued (`quota`).
    pub(super) counted: Cell<u32>,
    /// The low bits of the clock's milliseconds.
    pub(super) linger_until: Cell<u32>,
    pub(super) deferred_until: Cell<u32>,
    /// The state of the write side's end.
    pub(super) side: Cell<Side>,
    /// At least one byte was received.
    pub(super) received: Cell<bool>,
    /// The peer's end of stream was received.
    pub(super) ended: Cell<bool>,
    /// A response is outstanding, so the peer's end of stream doesn't close the connection.
    pub(super) answering: Cell<bool>,
    /// What follows the last send.
    pub(super) after_sending: Cell<AfterSending>,
    /// A turn of reading is allowed although output waits.
    pub(super) may_read: Cell<bool>,
    /// The program has paused reading.
    pub(super) paused: Cell<bool>,
    /// The next turn of reading begins with the bytes that were left unread.
    pub(super) redeliver: Cell<bool>,
    pub(super) work: Cell<Work>,
    /// A file is queued (`file`).
    pub(super) sends_file: Cell<bool>,
    /// A response of this connection is in the loop's batch.
    pub(super) in_batch: Cell<bool>,
}

/// What a connection does after everything was sent. From the second value on, bytes that arrive are dropped.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AfterSending {
    GoOn,
    Close,
    /// It first waits for the peer's end, so that no reset makes the peer lose what was sent.
    Linger,
}

const _: () = assert!(size_of::<Connection>() <= 336);

impl Connection {
    /// Whether bytes or a file wait to be sent.
    pub fn is_sending(&self) -> bool {
        self.output.readable() > 0 || self.sends_file.get()
    }

    /// The kind of the descriptor.
    pub fn kind(&self) -> Kind {
        self.wire.get().kind()
    }

    /// Whether the descriptor is of this kind; faster than `kind`.
    pub fn is_kind(&self, kind: Kind) -> bool {
        self.wire.get().is(kind)
    }

    pub(super) fn input_ptr(&self) -> *mut buffer {
        ptr::from_ref(&self.input).cast_mut()
    }

    pub(super) fn output_ptr(&self) -> *mut buffer {
        ptr::from_ref(&self.output).cast_mut()
    }

    pub(super) fn channel_ptr(&self) -> *mut channel {
        ptr::from_ref(&self.channel).cast_mut()
    }
}
