//! The object to which a public `struct tcp_connection` belongs.

use super::block::Block;
use super::maker::MadeBy;
use super::shared::Shared;
use crate::abi::types::{buffer, channel, tcp_connection};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::Link;
use crate::reactor::tcp_connection::input::reading::{Peer, Reading};
use crate::reactor::tcp_connection::output::write_side::Side;
use crate::reactor::tcp_connection::watch::Watch;
use crate::reactor::tcp_connection::wire::Wire;
use crate::sys::kind::Kind;
use libc::{c_char, c_int};
use std::cell::Cell;
use std::ptr;

/// The default limit of queued bytes (the peer doesn't read) and of unread bytes (the callback doesn't consume
/// them).
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
    pub(super) watch: Watch,
    pub(super) wire: Cell<Wire>,
    /// The descriptor when it was entered, whatever a program writes into `channel->fd`.
    pub(super) number: Cell<c_int>,
    /// How much of the output block was ever written to.
    pub(super) output_touched: Cell<u32>,
    /// Its number in the registry, which is also that of its registration.
    pub id: Cell<u64>,
    /// The folded identity of the descriptor's file, so that closing never affects a later file with the same number. 0
    /// if it wasn't determined, because no code of the program can have closed the descriptor, or because epoll notices
    /// that.
    pub(super) identity: Cell<u32>,
    /// Its position in the loop's roster, counted from 1; 0 if it isn't there.
    pub place: Cell<u32>,
    /// The pool blocks that the library put into the buffers. C code may have replaced them since.
    pub(super) input_block: Block,
    pub(super) output_block: Block,
    pub made_by: Cell<MadeBy>,
    pub(super) in_ready: Link,
    pub(super) in_dead: Link,
    pub(super) in_lingering: Link,
    pub(super) in_deferred: Link,
    pub shared: Shared,
    /// How many of the bytes that `shared.intake` counts are in the queue (`quota`).
    pub(super) counted: Cell<u32>,
    /// When lingering and the deferral of reading end: the low bits of the clock's milliseconds.
    pub(super) linger_until: Cell<u32>,
    pub(super) deferred_until: Cell<u32>,
    /// The state of the write side's end.
    pub(super) side: Cell<Side>,
    pub(super) peer: Peer,
    pub(super) reading: Reading,
    /// What keeps the connection open after the peer's end of stream.
    pub(super) held_by: Cell<HeldBy>,
    /// What the connection does after everything was sent.
    pub(super) after_sending: Cell<AfterSending>,
    pub(super) work: Cell<Work>,
    /// Whether the loop's batch contains a response of this connection, so that sends needn't search the batch.
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

/// What keeps a connection open after the peer has ended its side. All zeroes: nothing.
#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum HeldBy {
    #[default]
    Nothing,
    /// A response of the protocol is outstanding. Set whether or not the peer has ended its side.
    Answer,
    /// The program was told the peer's end, and may send until it ends its own side.
    Program,
}

const _: () = assert!(size_of::<Connection>() <= 336);

impl Connection {
    /// The connection behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`: by the iteration, or by a reference.
    pub unsafe fn from_c<'a>(conn: *mut tcp_connection) -> &'a Connection {
        // SAFETY: the public struct is the first field of every connection of the library.
        unsafe { &*conn.cast::<Connection>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut tcp_connection {
        self.raw().cast()
    }

    pub fn raw(&self) -> *mut Connection {
        ptr::from_ref(self).cast_mut()
    }

    /// The connection's loop, on its thread.
    pub fn event_loop(&self) -> &Loop {
        debug_assert!(self.is_own_thread());
        // SAFETY: the connection's reference keeps the loop's memory.
        unsafe { Loop::from_c(self.public.eventLoop.get()) }
    }

    /// Whether at least one byte was received from the peer.
    pub fn has_received(&self) -> bool {
        self.peer.has_sent()
    }

    /// Whether the peer has ended its side, and the program was told and may still send.
    pub fn is_half_open(&self) -> bool {
        self.held_by.get() == HeldBy::Program
    }

    /// Whether the peer's end doesn't close the connection.
    pub(super) fn outlasts_peer(&self) -> bool {
        match self.held_by.get() {
            HeldBy::Nothing => false,
            HeldBy::Answer => true,
            HeldBy::Program => self.side.get() == Side::Open,
        }
    }

    /// Whether bytes or a file wait to be sent.
    pub fn is_sending(&self) -> bool {
        self.output.readable() > 0 || self.sends_file()
    }

    /// Whether a file is in the queue.
    #[inline]
    pub fn sends_file(&self) -> bool {
        self.cold().is_some_and(|cold| cold.file.is_there())
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
