//! Who made a connection: what a connection asks and tells its maker, without knowing what the maker is.

use super::Connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use libc::c_void;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// A protocol: the callbacks of its connections, and what the reactor asks and tells it besides. A server that
/// was made with one has it as long as the program leaves these callbacks in their places.
pub struct Protocol {
    pub completed: connection_completed_call_back,
    pub message: message_call_back,
    pub write_completed: write_completed_call_back,
    pub closed: connection_closed_call_back,
    /// The connection has come to its loop.
    pub registered: fn(&Connection),
    /// Whether requests of the connection are being answered further down on the stack.
    pub is_answering: fn(&Connection) -> bool,
    /// The peer of a connection that owes it an answer sends no more.
    pub half_closed: fn(&Connection),
    /// Reading was stopped (true), or goes on.
    pub paused: fn(&Connection, bool),
    /// The connection has had its turn: what is still overdue ends it.
    pub judge: fn(&Connection),
}

/// What connections call in those that make them. One static for each kind of maker: its address tells the kind.
/// Except for `freed`, all of it is called on the connection's thread.
pub struct Maker {
    /// The connection has come to its loop, or has had its turn while the loop is `draining`.
    pub look: fn(&Connection),
    /// The open connection has had the turn that `judge_soon` gives it.
    pub judge: fn(&Connection),
    /// The connection has closed; its closed callback comes next.
    pub closing: fn(&Connection),
    /// The closed callback has returned, and the number has been given up.
    pub left: fn(&Connection),
    /// The connection's memory has gone, and with it its need of the maker. Any thread, once for each connection.
    pub freed: unsafe fn(NonNull<Header>),
}

/// What a maker has at a fixed place, where its connections find it.
pub struct Header {
    maker: &'static Maker,
    /// What the connections speak, where that is the library's.
    protocol: Cell<Option<&'static Protocol>>,
}

impl Header {
    pub const fn new(maker: &'static Maker) -> Header {
        Header { maker, protocol: Cell::new(None) }
    }

    pub fn maker(&self) -> &'static Maker {
        self.maker
    }

    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol.get()
    }

    /// Says what the connections speak, before the first of them is made.
    pub fn speaks(&self, protocol: &'static Protocol) {
        self.protocol.set(Some(protocol));
    }
}

/// The header of a maker, or nobody.
#[derive(Clone, Copy)]
pub struct Owner(*mut c_void);

impl Owner {
    pub const NOBODY: Owner = Owner(ptr::null_mut());

    pub fn of(header: NonNull<Header>) -> Owner {
        Owner(header.as_ptr().cast())
    }

    fn header(self) -> Option<NonNull<Header>> {
        NonNull::new(self.0.cast::<Header>())
    }

    /// The header, where the maker is of this kind.
    pub fn made_by(self, maker: &'static Maker) -> Option<NonNull<Header>> {
        // SAFETY: the maker's memory is kept as long as the connection has this owner (`of`).
        self.header().filter(|header| ptr::eq(unsafe { header.as_ref() }.maker, maker))
    }

    /// The connection's memory has gone.
    ///
    /// # Safety
    /// Once for a connection, which doesn't use its owner any more.
    pub unsafe fn let_go(self) {
        if let Some(header) = self.header() {
            // SAFETY: the maker's memory is kept until this call (`of`), of which there is one.
            unsafe { (header.as_ref().maker.freed)(header) }
        }
    }
}

impl Connection {
    /// The maker's header.
    pub fn maker(&self) -> Option<&Header> {
        // SAFETY: the maker's memory is kept as long as the connection has it as its owner (`Owner::of`).
        self.owner.get().header().map(|header| unsafe { header.as_ref() })
    }

    /// The connection has had its turn: a maker that is ending has a look at it.
    pub fn turn_ended(&self) {
        if self.event_loop().draining.get() {
            self.show_maker();
        }
    }

    /// Has the maker look at the connection.
    pub fn show_maker(&self) {
        if let Some(header) = self.maker() {
            (header.maker.look)(self);
        }
    }
}
