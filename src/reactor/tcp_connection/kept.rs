//! References to a connection's memory, and freeing it with the last one.

use super::Connection;
use super::cold_state;
use crate::reactor::event_loop::state::Loop;
use crate::sync::refs::Released;
use crate::sys::pool;
use std::ops::Deref;
use std::ptr::NonNull;

/// A reference to a connection that keeps its memory; any thread may have one.
pub struct Kept(NonNull<Connection>);

impl Deref for Kept {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // SAFETY: the reference that `keep` took is released only by the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: the reference that `keep` took is released once.
        unsafe { release(self.0.as_ptr()) };
    }
}

impl Connection {
    /// Keeps the connection's memory. None if there are too many references.
    pub fn keep(&self) -> Option<Kept> {
        self.shared.refs.retain().then(|| Kept(NonNull::from(self)))
    }
}

/// Frees the memory of a connection that nobody has seen, or that has ended.
///
/// # Safety
/// Nothing else refers to it. `create` made it, and it has only been given settings, or it has ended.
pub unsafe fn discard(conn: *mut Connection) {
    // SAFETY: by contract nothing else refers to the connection, and `create` allocated it with this size. Its
    // reference keeps the loop's memory until it is released here.
    unsafe {
        cold_state::dispose(conn);
        let (l, owner) = ((*conn).public.eventLoop.get(), (*conn).owner.get());
        pool::free(conn.cast(), size_of::<Connection>());
        Loop::from_c(l).release();
        owner.let_go();
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
