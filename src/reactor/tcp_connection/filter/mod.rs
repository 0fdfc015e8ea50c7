//! A filter between the wire and the program: it processes all bytes after they were read and before they are
//! written. Buffers, queue and limits contain and count the program's bytes.
//!
//! ```text
//! descriptor or back end -> input::source -> incoming -> input buffer -> message callback
//! send, batch, posted bytes, a file -> queue -> output::write::write_some -> outgoing -> descriptor
//! ```
//!
//! TLS fits in here: `incoming` keeps an incomplete record and returns nothing for it, or returns several records
//! at once; `outgoing` makes a record of each piece. TLS also needs the following, which isn't implemented: its
//! own state for each connection, freed with it; sending by itself (handshake, alerts), where bytes that the
//! socket doesn't accept have to be counted as queued and require EVENT_WRITE; a notification before the write
//! side ends (close_notify) and when the peer's end arrives (truncation); and delaying the completed callback
//! until the handshake is over.
//!
//! A connection with a filter has cold state, so its sends aren't batched, and it copies files to send them.

mod outgoing;
#[cfg(feature = "test-seams")]
pub mod rot13;

use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, pool, pool::Bytes};
use libc::c_int;
use outgoing::Outgoing;
use std::cell::{Cell, RefCell};
use std::ptr;

/// The functions of a filter. They are called on the connection's thread, and must not read from the connection
/// or send on it. Err: the errno value with which the connection ends.
pub struct Filter {
    /// Appends to `plain` the bytes for the program that result from bytes of the wire: fewer, more, or none.
    pub incoming: fn(&Connection, wire: &[u8], plain: &mut Bytes) -> Result<(), c_int>,
    /// Appends to `wire` the bytes to send that result from bytes of the program: at least one.
    pub outgoing: fn(&Connection, plain: &[u8], wire: &mut Bytes) -> Result<(), c_int>,
}

/// A connection's filter, and the bytes between the program and the wire.
pub struct State {
    filter: &'static Filter,
    out: RefCell<Outgoing>,
}

/// The filter's field in the cold state.
pub struct Slot(Cell<*mut State>);

impl Slot {
    pub const fn new() -> Slot {
        Slot(Cell::new(ptr::null_mut()))
    }

    fn get(&self) -> Option<&State> {
        // SAFETY: the block that `set_filter` stored is valid until the slot is dropped.
        unsafe { self.0.get().as_ref() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let state = self.0.replace(ptr::null_mut());
        if !state.is_null() {
            // SAFETY: `set_filter` wrote a state into a block of that size, which is freed with the slot.
            unsafe {
                state.drop_in_place();
                pool::free(state.cast(), size_of::<State>());
            }
        }
    }
}

impl Connection {
    /// Installs a filter. Must be called once, before the first byte. False if out of memory.
    #[cfg_attr(not(feature = "test-seams"), allow(dead_code))]
    pub fn set_filter(&self, filter: &'static Filter) -> bool {
        let Some(cold) = self.make_cold() else {
            return false;
        };
        let state = pool::alloc(size_of::<State>()).cast::<State>();
        if state.is_null() {
            return false;
        }
        // SAFETY: a new block of that size.
        unsafe { state.write(State { filter, out: RefCell::new(Outgoing::new()) }) };
        cold.filter.0.set(state);
        self.wire.set(self.wire.get().indirect());
        true
    }

    /// The connection's filter.
    pub fn filter(&self) -> Option<&State> {
        if self.wire.get().is_direct() { None } else { self.cold()?.filter.get() }
    }
}

impl State {
    /// Filters bytes from the wire.
    pub fn incoming(&self, conn: &Connection, wire: &[u8], plain: &mut Bytes) -> Result<(), c_int> {
        (self.filter.incoming)(conn, wire, plain)
    }

    /// Writes bytes of the program through the filter, as far as `send` accepts the results. Returns what
    /// write(2) would for the program's bytes. The unwritten bytes of a piece must begin the next call, because a
    /// part of their result has been sent.
    pub fn write(
        &self,
        conn: &Connection,
        bytes: &[u8],
        send: impl FnMut(&[u8], bool) -> isize,
    ) -> isize {
        let filter = |plain: &[u8], wire: &mut Bytes| (self.filter.outgoing)(conn, plain, wire);
        // A partial write doesn't set errno, whatever has stopped it.
        let keep = errno::Keep::new();
        let written = self.out.borrow_mut().write(bytes, filter, send);
        drop(keep);
        match written {
            Ok(n) => n as isize,
            Err(e) => errno::fail(e) as isize,
        }
    }
}
