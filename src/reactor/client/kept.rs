//! Who needs a client's memory: the list of its loop until the client is freed, and each call on the stack that may
//! call the program, which may free the client. Such functions take a `Kept<Client>`, so that the client is still
//! there when the program returns. Only the loop's thread has references.

use super::{Client, clients};
use crate::reactor::kept::{Counted, Kept};
use crate::sys::pool::Owned;
use std::ptr::NonNull;

// SAFETY: `place` puts every client into a block of its own, and only `release` frees it, at a count of zero.
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
        // SAFETY: the reference keeps the client until it is counted off.
        let refs = unsafe { &client.as_ref().refs };
        refs.set(refs.get() - 1);
        if refs.get() == 0 {
            // SAFETY: `place` made it of an `Owned`. The count says that this reference was the last, and timer,
            // channels, look-up and connection were taken from the client when it left the list.
            drop(unsafe { Owned::from_raw(client) });
        }
    }
}

impl Client {
    /// Puts a client, which counts one reference, into memory of the pools; None when memory is out.
    pub(super) fn place(client: Client) -> Option<Kept<Client>> {
        debug_assert!(client.refs.get() == 1);
        let place = Owned::new(client)?.into_raw();
        // SAFETY: the count has this one reference.
        Some(unsafe { Kept::from_raw(place) })
    }

    /// None when it is kept too often.
    pub fn keep(&self) -> Option<Kept<Client>> {
        Kept::of(self)
    }
}

impl Kept<Client> {
    /// Enters the client in its loop's list, which has this reference from then on.
    pub(super) fn list(self) -> NonNull<Client> {
        let client = NonNull::<Client>::from(&*self);
        // SAFETY: the loop outlives its clients.
        let l = unsafe { self.event_loop.as_ref() };
        clients(l).push_front(self);
        client
    }

    /// Frees the client, whose connection goes on to its end alone. Its memory stays until all references are gone.
    pub fn free(self) {
        self.halt();
        self.leave_connection();
        drop(self.clients().remove(&self));
    }
}
