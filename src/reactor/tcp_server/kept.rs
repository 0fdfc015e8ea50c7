//! References to a server's memory: of its owner, each connection, each listener that other threads have, and
//! each function on the stack that accepts.

use super::{Server, dispose};
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::Released;
use std::ptr::NonNull;

// SAFETY: `create` allocated the server, and only `dispose` frees it, after the last reference.
unsafe impl Counted for Server {
    type Face = Server;

    fn face(&self) -> &Server {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(server: NonNull<Server>) {
        // SAFETY: the reference keeps the memory until it is released. After the last one nothing refers to the
        // server.
        unsafe {
            if server.as_ref().shared.refs.release() == Released::Last {
                dispose(server);
            }
        }
    }
}

impl Server {
    /// Keeps the server's memory, on any thread. None if there are too many references.
    pub fn keep(&self) -> Option<Kept<Server>> {
        Kept::of(self)
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
