//! References to a connection's memory, and freeing it with the last one.

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

// SAFETY: `create` puts each connection into its own block, and only `discard` frees it, after the last reference.
unsafe impl Counted for Connection {
    type Face = Remote;

    fn face(&self) -> &Remote {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(conn: NonNull<Connection>) {
        // SAFETY: by contract the caller owns the reference.
        unsafe { release(conn.as_ptr()) };
    }
}

/// A connection to which nothing else refers: it is freed when this is dropped.
pub struct Fresh(NonNull<Connection>);

impl Fresh {
    /// # Safety
    /// `create` made it, and nothing else refers to it.
    pub(super) unsafe fn new(conn: NonNull<Connection>) -> Fresh {
        Fresh(conn)
    }

    pub fn as_ptr(&self) -> NonNull<Connection> {
        self.0
    }

    /// Passes the connection to the library, whose reference `let_go` releases.
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
        // SAFETY: nothing else refers to the connection.
        unsafe { discard(self.0.as_ptr()) };
    }
}

/// Releases the library's own reference. The connection is freed if there are no others.
///
/// # Safety
/// It has ended, the library doesn't use it any more, and this is called once.
pub unsafe fn let_go(conn: NonNull<Connection>) {
    // SAFETY: the library's reference keeps the memory until it is released. After the last one nothing refers to the
    // connection.
    unsafe {
        if conn.as_ref().shared.refs.let_go() == Released::Last {
            discard(conn.as_ptr());
        }
    }
}

/// Frees the memory of a connection that nobody has seen, or that has ended.
///
/// # Safety
/// Nothing else refers to it. `create` made it, and it has only been given settings, or it has ended.
unsafe fn discard(conn: *mut Connection) {
    // SAFETY: by contract nothing else refers to the connection, and `create` allocated it with this size. Its
    // reference keeps the loop's memory until it is released here.
    unsafe {
        cold_state::dispose(conn);
        let (l, made_by) = ((*conn).public.eventLoop.get(), (*conn).made_by.get());
        pool::free(conn.cast(), size_of::<Connection>());
        drop(NonNull::new(l.cast::<Loop>()).map(|l| Kept::from_raw(l)));
        made_by.let_go();
    }
}

/// Releases a reference; the last one frees the connection. None: there was no reference to release.
///
/// # Safety
/// The caller owns the reference.
pub unsafe fn release(conn: *mut Connection) -> Released {
    // SAFETY: the caller's reference keeps the memory until it is released. After the last one nothing refers to
    // the connection.
    unsafe {
        let how = (*conn).shared.refs.release();
        if how == Released::Last {
            discard(conn);
        }
        how
    }
}
