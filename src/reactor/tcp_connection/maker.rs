//! The maker of a connection and its protocol: tables of functions that a connection calls without knowing the types
//! of these.

use super::Connection;
use super::handlers::Handlers;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::reactor::kept::Kept;
use libc::c_void;
use std::cell::{Cell, OnceCell};
use std::ptr::{self, NonNull};

/// A protocol: the callbacks of its connections, and the hooks that the reactor calls. A server that was made
/// with one uses it as long as the program doesn't replace these callbacks.
pub struct Protocol {
    pub completed: connection_completed_call_back,
    pub message: message_call_back,
    pub write_completed: write_completed_call_back,
    pub closed: connection_closed_call_back,
    /// The connection was registered with its loop.
    pub registered: fn(&Connection),
    /// Whether a function further down on the stack is answering requests of the connection.
    pub is_answering: fn(&Connection) -> bool,
    /// The peer has ended its side while a response to it is outstanding.
    pub half_closed: fn(&Connection),
    /// Reading was paused (true) or resumed.
    pub paused: fn(&Connection, bool),
    /// The open connection has had the turn that `judge_soon` requested. The protocol ends it if a deadline is still
    /// exceeded.
    pub judge: fn(&Connection),
}

/// The functions of a maker that connections call. There is one static per kind of maker, whose address
/// identifies the kind. All except `freed` are called on the connection's thread.
pub struct Maker {
    /// The connection was registered with its loop, or has had its turn while the loop is `draining`.
    pub look: fn(&Connection),
    /// The open connection has had the turn that `judge_soon` requested.
    pub judge: fn(&Connection),
    /// The connection has closed; its closed callback is called next.
    pub closing: fn(&Connection),
    /// The closed callback has returned, and the number was released.
    pub left: fn(&Connection),
    /// The connection's memory was freed, so it doesn't need the maker any more. On any thread, once per
    /// connection.
    pub freed: unsafe fn(NonNull<Header>),
}

/// A part of a maker at a fixed offset, through which its connections find it.
pub struct Header {
    maker: &'static Maker,
    /// The protocol of the connections, if it is one of the library.
    protocol: Cell<Option<&'static Protocol>>,
    /// What the program is called with, for connections that have no handlers of their own. Set before the first
    /// connection is made.
    pub handlers: OnceCell<Kept<Handlers>>,
}

impl Header {
    pub const fn new(maker: &'static Maker) -> Header {
        Header { maker, protocol: Cell::new(None), handlers: OnceCell::new() }
    }

    pub fn maker(&self) -> &'static Maker {
        self.maker
    }

    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol.get()
    }

    /// Sets the protocol of the connections, before the first of them is made.
    pub fn speaks(&self, protocol: &'static Protocol) {
        self.protocol.set(Some(protocol));
    }
}

/// The header of a maker, or none.
#[derive(Clone, Copy)]
pub struct MadeBy(*mut c_void);

impl MadeBy {
    pub const NOBODY: MadeBy = MadeBy(ptr::null_mut());

    pub fn of(header: NonNull<Header>) -> MadeBy {
        MadeBy(header.as_ptr().cast())
    }

    fn header(self) -> Option<NonNull<Header>> {
        NonNull::new(self.0.cast::<Header>())
    }

    /// The header, if the maker is of this kind.
    pub fn header_of(self, maker: &'static Maker) -> Option<NonNull<Header>> {
        // SAFETY: the maker's memory is kept as long as a connection has it (`of`).
        self.header().filter(|header| ptr::eq(unsafe { header.as_ref() }.maker, maker))
    }

    /// The connection's memory was freed.
    ///
    /// # Safety
    /// Called once for a connection, which doesn't use its maker afterwards.
    pub unsafe fn let_go(self) {
        if let Some(header) = self.header() {
            // SAFETY: the maker's memory is kept until this call (`of`), which is made once.
            unsafe { (header.as_ref().maker.freed)(header) }
        }
    }
}

impl Connection {
    /// The maker's header.
    pub fn maker(&self) -> Option<&Header> {
        // SAFETY: the maker's memory is kept as long as the connection has it (`MadeBy::of`).
        self.made_by.get().header().map(|header| unsafe { header.as_ref() })
    }

    /// Whether its maker was made with a protocol of the library, even if the callbacks have changed.
    pub fn belongs_to_protocol(&self) -> bool {
        self.maker().is_some_and(|header| header.protocol().is_some())
    }

    /// The connection has had its turn: a maker that is ending checks it.
    pub fn turn_ended(&self) {
        if self.event_loop().draining.get() {
            self.show_maker();
        }
    }

    /// Lets the maker check the connection.
    pub fn show_maker(&self) {
        if let Some(header) = self.maker() {
            (header.maker.look)(self);
        }
    }
}
