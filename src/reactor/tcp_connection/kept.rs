//! Who keeps a connection: references to its memory, and its end with the last of them.

use super::Connection;
use super::cold_state;
use super::remote::Remote;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::Released;
use crate::sys::pool;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

// SAFETY: `create` puts every connection into a block of its own, and only `discard` frees it, behind the last
// reference.
unsafe impl Counted for Connection {
    type Face = Remote;

    fn face(&self) -> &Remote {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(conn: NonNull<Connection>) {
        // SAFETY: the reference is the caller's, by this function's contract.
        unsafe { release(conn.as_ptr()) };
    }
}

/// A connection that nobody else has seen: it is freed where it is dropped.
pub struct Fresh(NonNull<Connection>);

impl Fresh {
    /// # Safety
    /// `create` made it, and only the caller knows of it.
    pub(super) unsafe fn new(conn: NonNull<Connection>) -> Fresh {
        Fresh(conn)
    }

    pub fn as_ptr(&self) -> NonNull<Connection> {
        self.0
    }

    /// Leaves the connection to the library, whose reference `let_go` gives back.
    pub(super) fn into_raw(self) -> NonNull<Connection> {
        ManuallyDrop::new(self).0
    }
}

impl Deref for Fresh {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // SAFETY: only the drop frees it.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // SAFETY: nobody else has seen the connection.
        unsafe { discard(self.0.as_ptr()) };
    }
}

/// Gives the library's own reference back. The connection is freed where nobody else keeps it.
///
/// # Safety
/// It has ended, nothing of the library uses it any more, and this is done once.
pub unsafe fn let_go(conn: NonNull<Connection>) {
    // SAFETY: the library's reference keeps the memory until it is counted off. Behind the last one nobody has the
    // pointer.
    unsafe {
        if conn.as_ref().shared.refs.let_go() == Released::Last {
            discard(conn.as_ptr());
        }
    }
}

/// Frees the memory of a connection that nobody has seen, or that has ended.
///
/// # Safety
/// Nobody else has it; `create` made it, and nothing happened to it but settings, or it has ended.
unsafe fn discard(conn: *mut Connection) {
    // SAFETY: nobody else has the connection, by the caller's promise, and `create` allocated it with this size. Its
    // reference keeps the loop's memory until it is released here.
    unsafe {
        cold_state::dispose(conn);
        let (l, owner) = ((*conn).public.eventLoop.get(), (*conn).owner.get());
        pool::free(conn.cast(), size_of::<Connection>());
        drop(NonNull::new(l.cast::<Loop>()).map(|l| Kept::from_raw(l)));
        owner.let_go();
    }
}

/// Gives one reference back; the last one frees. None: there was none to give back.
///
/// # Safety
/// The reference is the caller's.
pub unsafe fn release(conn: *mut Connection) -> Released {
    // SAFETY: the caller's reference keeps the memory until it is counted off. Behind the last one nobody has
    // the pointer.
    unsafe {
        let how = (*conn).shared.refs.release();
        if how == Released::Last {
            discard(conn);
        }
        how
    }
}
