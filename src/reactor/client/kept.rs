//! References to a client's memory: that of its loop's table until the client is freed, and those of calls on the
//! stack that may call the program, which may free the client. Such functions take a `Kept<Client>`, so that the
//! client is still valid when the program returns. References are used only on the loop's thread.

use super::Client;
use crate::reactor::kept::{Counted, Kept};
use crate::sys::pool::Owned;
use std::ptr::NonNull;

// SAFETY: `place` puts each client into its own block, and only `release` frees it, at a count of zero.
unsafe impl Counted for Client {
    type Face = Client;

    fn face(&self) -> &Client {
        self
    }

    fn retain(&self) -> bool {
        let Some(more) = self.refs.get().checked_add(1) else { return false };
        self.refs.set(more);
        true
    }

    unsafe fn release(client: NonNull<Client>) {
        // SAFETY: the reference keeps the client until it is released.
        let refs = unsafe { &client.as_ref().refs };
        refs.set(refs.get() - 1);
        if refs.get() == 0 {
            // SAFETY: `place` made it from an `Owned`. This reference was the last, and the client's timer, channels,
            // look-up and connection were removed when it left the list.
            let client = unsafe { Owned::from_raw(client) };
            let failed_data = client.failed.take();
            drop(client);
            // Last, because this may call the program.
            drop(failed_data);
        }
    }
}

impl Client {
    /// Moves a client, whose count is one, to pool memory. None if out of memory.
    pub(super) fn place(client: Client) -> Option<Kept<Client>> {
        debug_assert!(client.refs.get() == 1);
        let place = Owned::new(client)?.into_raw();
        // SAFETY: the count has this one reference.
        Some(unsafe { Kept::from_raw(place) })
    }

    /// None if there are too many references.
    pub fn keep(&self) -> Option<Kept<Client>> {
        Kept::of(self)
    }
}

impl Kept<Client> {
    /// Adds the client to its loop's table, which owns this reference from then on. None if out of memory.
    pub(super) fn list(self) -> Option<NonNull<Client>> {
        self.clients().add(&self).then(|| self.into_raw())
    }

    /// Frees the client. Its connection continues without it. The memory remains until the last reference is
    /// dropped.
    pub fn free(self) {
        self.halt();
        self.leave_connection();
        if self.clients().remove(&self) {
            // SAFETY: the reference that `list` passed to the table.
            drop(unsafe { Kept::from_raw(self.as_ptr()) });
        }
    }
}
