//! A connection from the point of view of any thread. The shared part is atomic; the rest belongs to the thread of
//! the connection's loop, which gets the `Connection` here.

use super::Connection;
use super::shared::Shared;
use crate::abi::types::{buffer, tcp_connection};
use crate::log::CText;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use libc::{c_char, c_int};
use std::ops::Deref;
use std::ptr;

/// A connection on any thread. Only this file accesses its fields: those that don't change while others use the
/// connection, and the shared part.
#[repr(transparent)]
pub struct Remote(Connection);

// SAFETY: the functions of this file read, on any thread, only fields that were written before other threads got the
// connection. Everything else is in `Shared`, or is used only on the loop's thread.
unsafe impl Sync for Remote {}

impl Deref for Remote {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0.shared
    }
}

impl Deref for Connection {
    type Target = Remote;

    fn deref(&self) -> &Remote {
        // SAFETY: a `Remote` has the layout of a connection.
        unsafe { &*ptr::from_ref(self).cast() }
    }
}

impl Remote {
    /// The connection behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`: by the iteration, or by a reference.
    pub unsafe fn from_c<'a>(conn: *mut tcp_connection) -> &'a Remote {
        // SAFETY: the public struct is the first field of every connection of the library.
        unsafe { &*conn.cast::<Remote>() }
    }

    /// The connection, on the thread of its loop.
    pub fn here(&self) -> Option<&Connection> {
        self.is_own_thread().then_some(&self.0)
    }

    /// The connection, if this is its loop.
    pub fn on(&self, l: &Loop) -> Option<&Connection> {
        ptr::eq(self.event_loop().as_c(), l.as_c()).then_some(&self.0)
    }

    /// The connection, if the calling thread may change it at the moment; else errno is ENOTCONN or EPERM.
    pub fn to_change(&self) -> Option<&Connection> {
        self.may_be_changed().then_some(&self.0)
    }

    /// The connection, if the calling thread may use what belongs to the connection's thread; else errno is EPERM.
    pub fn to_look(&self) -> Option<&Connection> {
        self.may_be_looked_at().then_some(&self.0)
    }

    /// Keeps the connection's memory. None if there are too many references.
    pub fn keep(&self) -> Option<Kept<Connection>> {
        Kept::of(&self.0)
    }

    /// Whether this is the connection's thread.
    pub fn is_own_thread(&self) -> bool {
        self.event_loop().on_owner()
    }

    /// The connection's loop.
    pub fn event_loop(&self) -> &RemoteLoop {
        // SAFETY: the connection's reference keeps the loop's memory.
        unsafe { RemoteLoop::from_c(self.0.public.eventLoop.get()) }
    }

    /// Its number in the registry, which is never reused.
    pub fn id(&self) -> u64 {
        self.0.id.get()
    }

    /// The descriptor, which may have been closed.
    pub(super) fn number(&self) -> c_int {
        self.0.number.get()
    }

    /// The name, for programs.
    pub fn name_text(&self) -> *const c_char {
        self.0.public.name.get()
    }

    /// The name, for log lines.
    pub fn name(&self) -> CText {
        // SAFETY: `create` set the field to the connection's own name; a program that replaces it keeps its string as
        // long as the connection.
        unsafe { CText::new(self.0.public.name.get()) }
    }

    /// Whether a buffer is the connection's own output.
    pub(super) fn has_output(&self, b: &buffer) -> bool {
        ptr::eq(b, &self.0.output)
    }
}

/// A connection is for one thread, a `Remote` for all; otherwise this doesn't compile.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<Remote>();
};
