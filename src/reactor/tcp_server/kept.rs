//! Who needs a server's memory: its owner, each connection, each listener that other threads have, each frame that
//! accepts.

use super::{Server, dispose};
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::Released;
use std::ptr::NonNull;

// SAFETY: `create` allocated the server where it is, and only `dispose` frees it, behind the last reference.
unsafe impl Counted for Server {
    type Face = Server;

    fn face(&self) -> &Server {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(server: NonNull<Server>) {
        // SAFETY: the reference keeps the memory until it is counted off. Behind the last one nobody has the pointer.
        unsafe {
            if server.as_ref().shared.refs.release() == Released::Last {
                dispose(server);
            }
        }
    }
}

impl Server {
    /// Keeps the server's memory, on any thread. None when it is kept too often.
    pub fn keep(&self) -> Option<Kept<Server>> {
        Kept::of(self)
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
