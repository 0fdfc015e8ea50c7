//! References to a client's memory: that of its loop's list until the client is freed, and those of calls on the
//! stack that may call the program, which may free the client.

use super::Client;
use crate::sys::pool;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A reference that keeps a client's memory. It is used only on the loop's thread. Functions that call the
/// program take this type, so that the client is still valid when the program returns.
pub struct Kept(NonNull<Client>);

impl Client {
    /// Moves a client to pool memory. None if out of memory.
    pub(super) fn place(client: Client) -> Option<Kept> {
        const { assert!(align_of::<Client>() <= 16) };
        let place = NonNull::new(pool::alloc(size_of::<Client>()))?.cast::<Client>();
        // SAFETY: a new block of the client's size, aligned to 16.
        unsafe { place.write(client) };
        Some(Kept(place))
    }

    pub fn keep(&self) -> Kept {
        self.refs.set(self.refs.get() + 1);
        Kept(NonNull::from(self))
    }
}

impl Kept {
    /// Adds the client to its loop's list, which owns this reference from then on.
    pub(super) fn list(self) -> NonNull<Client> {
        self.clients().push_front(&self);
        ManuallyDrop::new(self).0
    }

    /// Frees the client. Its connection continues without it. The memory remains until the last reference is
    /// dropped.
    pub fn free(self) {
        self.halt();
        self.leave_connection();
        if self.clients().remove(&self) {
            // The list's reference (`list`).
            drop(Kept(self.0));
        }
    }
}

impl Deref for Kept {
    type Target = Client;

    fn deref(&self) -> &Client {
        // SAFETY: this handle's reference is released only by the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let left = self.refs.get() - 1;
        self.refs.set(left);
        if left == 0 {
            // SAFETY: `place` made it in a block of that size. This handle was the last, and the client's timer,
            // channels, look-up and connection were removed when it left the list.
            unsafe {
                self.0.drop_in_place();
                pool::free(self.0.cast().as_ptr(), size_of::<Client>());
            }
        }
    }
}
