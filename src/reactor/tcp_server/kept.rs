//! References to a server's memory: of its owner, each connection, each listener that other threads have, and
//! each function on the stack that accepts.

use super::{Server, dispose};
use crate::sync::refs::Released;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A reference that keeps a server's memory. It may be dropped on any thread; the last one frees the server.
pub struct Kept(NonNull<Server>);

impl Server {
    /// Keeps the server's memory. There are fewer connections than the count can hold.
    pub fn keep(&self) -> Kept {
        self.shared.refs.retain();
        Kept(NonNull::from(self))
    }

    /// Releases the owner's reference.
    ///
    /// # Safety
    /// Called once by the owner, who doesn't use the server any more.
    pub unsafe fn let_go(server: NonNull<Server>) {
        // SAFETY: the owner's reference keeps the memory until it is released here.
        unsafe {
            if server.as_ref().shared.refs.let_go() == Released::Last {
                dispose(server);
            }
        }
    }
}

impl Kept {
    /// Releases ownership as a raw pointer, which `from_raw` takes back.
    pub fn into_raw(self) -> NonNull<Server> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// The pointer came from `into_raw` and is taken back once.
    pub unsafe fn from_raw(server: NonNull<Server>) -> Kept {
        Kept(server)
    }
}

impl Deref for Kept {
    type Target = Server;

    fn deref(&self) -> &Server {
        // SAFETY: this handle's reference is released only by the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: this handle's reference is released here, once. After the last one nothing else refers to the
        // memory.
        unsafe {
            if self.0.as_ref().shared.refs.release() == Released::Last {
                dispose(self.0);
            }
        }
    }
}
