//! Who needs a server's memory: its owner, each connection, each listener that other threads have, each frame that
//! accepts.

use super::{Server, dispose};
use crate::sync::refs::Released;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A reference that keeps a server's memory. It may be dropped on any thread; the last one frees the server.
pub struct Kept(NonNull<Server>);

impl Server {
    /// Keeps the server's memory. Connections are fewer than the count has room for.
    pub fn keep(&self) -> Kept {
        self.shared.refs.retain();
        Kept(NonNull::from(self))
    }

    /// Gives the owner's reference up.
    ///
    /// # Safety
    /// Once, by the owner, who doesn't use the server any more.
    pub unsafe fn let_go(server: NonNull<Server>) {
        // SAFETY: the owner's reference keeps the memory until the count says otherwise.
        unsafe {
            if server.as_ref().shared.refs.let_go() == Released::Last {
                dispose(server);
            }
        }
    }
}

impl Kept {
    /// Leaves the reference to somebody who has only a pointer.
    pub fn into_raw(self) -> NonNull<Server> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// The pointer is one of `into_raw`, taken back once.
    pub unsafe fn from_raw(server: NonNull<Server>) -> Kept {
        Kept(server)
    }
}

impl Deref for Kept {
    type Target = Server;

    fn deref(&self) -> &Server {
        // SAFETY: the reference that this handle stands for isn't given back before the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: this handle's reference is given back here, once; the last of all has the memory to itself.
        unsafe {
            if self.0.as_ref().shared.refs.release() == Released::Last {
                dispose(self.0);
            }
        }
    }
}
