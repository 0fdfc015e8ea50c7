//! A filter between the wire and the program: each byte that comes is given to it behind the read, each byte that
//! goes before the write. Buffers, queue and limits hold the program's bytes, and know nothing of it.
//!
//! ```text
//! descriptor or back end -> input::source -> incoming -> input buffer -> message callback
//! send, batch, posted bytes, a file -> queue -> output::write::write_some -> outgoing -> descriptor
//! ```
//!
//! TLS fits in here: `incoming` keeps what isn't a whole record and gives nothing for it, or gives several records
//! at once; `outgoing` makes a record of each piece. What TLS needs besides, and isn't here: a state of the filter's
//! own for each connection, freed with it; sending by itself (handshake, alerts), where what the socket doesn't take
//! has to count as queued and to ask for EVENT_WRITE; a word before the write side ends (close_notify) and when the
//! peer's end comes (truncation); holding the completed callback back until the handshake is over.
//!
//! A connection with a filter has cold state, so its sends don't wait for a batch, and it copies files to send them.

mod outgoing;
#[cfg(feature = "test-seams")]
pub mod rot13;

use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, pool, pool::Bytes};
use libc::c_int;
use outgoing::Outgoing;
use std::cell::{Cell, RefCell};
use std::ptr;

/// The functions of a filter. They are called on the connection's thread, and must not read from the connection nor
/// send on it. Err: the errno value with which the connection ends.
pub struct Filter {
    /// Appends to `plain` what the program is to get for bytes from the wire: fewer, more, or none.
    pub incoming: fn(&Connection, wire: &[u8], plain: &mut Bytes) -> Result<(), c_int>,
    /// Appends to `wire` what is to be sent for bytes of the program: at least one byte.
    pub outgoing: fn(&Connection, plain: &[u8], wire: &mut Bytes) -> Result<(), c_int>,
}

/// A connection's filter, and what is between the program and the wire.
pub struct State {
    filter: &'static Filter,
    out: RefCell<Outgoing>,
}

/// The place of the filter in the cold state.
pub struct Slot(Cell<*mut State>);

impl Slot {
    pub const fn new() -> Slot {
        Slot(Cell::new(ptr::null_mut()))
    }

    fn get(&self) -> Option<&State> {
        // SAFETY: the block that `set_filter` put here stays until the slot is dropped.
        unsafe { self.0.get().as_ref() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let state = self.0.replace(ptr::null_mut());
        if !state.is_null() {
            // SAFETY: `set_filter` wrote a state into a block of that size, and the slot's end is the state's.
            unsafe {
                state.drop_in_place();
                pool::free(state.cast(), size_of::<State>());
            }
        }
    }
}

impl Connection {
    /// Puts a filter between the wire and the program; to be called once, before the first byte. False when memory
    /// is out.
    #[cfg_attr(not(feature = "test-seams"), allow(dead_code))]
    pub fn set_filter(&self, filter: &'static Filter) -> bool {
        let Some(cold) = self.make_cold() else {
            return false;
        };
        let state = pool::alloc(size_of::<State>()).cast::<State>();
        if state.is_null() {
            return false;
        }
        // SAFETY: a fresh block of that size.
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
    /// Has bytes from the wire filtered.
    pub fn incoming(&self, conn: &Connection, wire: &[u8], plain: &mut Bytes) -> Result<(), c_int> {
        (self.filter.incoming)(conn, wire, plain)
    }

    /// Writes bytes of the program through the filter, as far as `send` takes what becomes of them. The result is
    /// that of write(2) for the program's bytes. Those that are left of a piece must begin the next call: what has
    /// become of them is sent in part.
    pub fn write(
        &self,
        conn: &Connection,
        bytes: &[u8],
        send: impl FnMut(&[u8], bool) -> isize,
    ) -> isize {
        let filter = |plain: &[u8], wire: &mut Bytes| (self.filter.outgoing)(conn, plain, wire);
        // A write that gets on doesn't set errno, whatever stops it in the end.
        let keep = errno::Keep::new();
        let written = self.out.borrow_mut().write(bytes, filter, send);
        drop(keep);
        match written {
            Ok(n) => n as isize,
            Err(e) => errno::fail(e) as isize,
        }
    }
}
