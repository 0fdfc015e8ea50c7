//! Who needs a client's memory: the table of its loop until the client is freed, and each call on the stack that may
//! call the program, which may free the client.

use super::Client;
use crate::sys::pool;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A reference that keeps a client's memory. Only the loop's thread has some. Functions that call the program take
/// this type, so that the client is still there when the program returns.
pub struct Kept(NonNull<Client>);

impl Client {
    /// Puts a client into memory of the pools; None when memory is out.
    pub(super) fn place(client: Client) -> Option<Kept> {
        const { assert!(align_of::<Client>() <= 16) };
        let place = NonNull::new(pool::alloc(size_of::<Client>()))?.cast::<Client>();
        // SAFETY: a fresh block of the client's size, aligned to 16.
        unsafe { place.write(client) };
        Some(Kept(place))
    }

    pub fn keep(&self) -> Kept {
        self.refs.set(self.refs.get() + 1);
        Kept(NonNull::from(self))
    }
}

impl Kept {
    /// Enters the client in its loop's table, which has this reference from then on. None when memory is out.
    pub(super) fn list(self) -> Option<NonNull<Client>> {
        self.clients().add(&self).then(|| ManuallyDrop::new(self).0)
    }

    /// Frees the client, whose connection goes on to its end alone. Its memory stays until all references are gone.
    pub fn free(self) {
        self.halt();
        self.leave_connection();
        if self.clients().remove(&self) {
            // The table had a reference (`list`).
            drop(Kept(self.0));
        }
    }
}

impl Deref for Kept {
    type Target = Client;

    fn deref(&self) -> &Client {
        // SAFETY: the reference that this handle stands for isn't given back before the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let left = self.refs.get() - 1;
        self.refs.set(left);
        if left == 0 {
            // SAFETY: `place` made it in a block of that size. The count says that this handle was the last, and
            // timer, channels, look-up and connection were taken from the client when it left the table.
            unsafe {
                self.0.drop_in_place();
                pool::free(self.0.cast().as_ptr(), size_of::<Client>());
            }
        }
    }
}
