//! The callback for failed attempts, and its data.

use crate::abi::types::{Destroy, yolanda_client_failed_callback};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::{Counted, Kept, Slot};
use crate::sys::pool::Owned;
use libc::c_void;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// The callback of a client. Used only on the loop's thread.
pub struct Failed {
    pub callback: Cell<yolanda_client_failed_callback>,
    pub data: Cell<*mut c_void>,
    /// Set if the data is to be destroyed.
    owned: Slot<Data>,
}

impl Failed {
    pub fn none() -> Failed {
        Failed { callback: Cell::new(None), data: Cell::new(ptr::null_mut()), owned: Slot::empty() }
    }

    /// Sets the callback. The earlier one's data is destroyed when no call uses it.
    pub fn set(
        &self,
        callback: yolanda_client_failed_callback,
        data: *mut c_void,
        owned: Option<Kept<Data>>,
    ) {
        self.callback.set(callback);
        self.data.set(data);
        // Last, because the program may set another callback when its data is destroyed.
        self.owned.set(owned);
    }

    /// A reference to the data for a call that may replace the callback.
    pub fn keep(&self) -> Option<Kept<Data>> {
        self.owned.get()
    }

    /// Takes the reference to the data, for the end of the client.
    pub fn take(&self) -> Option<Kept<Data>> {
        self.owned.take()
    }
}

/// Data that is destroyed with the last reference: that of the client, and those of the calls on the stack.
pub struct Data {
    refs: Cell<u32>,
    event_loop: NonNull<Loop>,
    data: *mut c_void,
    destroy: Destroy,
}

impl Data {
    /// None if out of memory; the data stays the program's.
    pub fn new(l: &Loop, data: *mut c_void, destroy: Destroy) -> Option<Kept<Data>> {
        let event_loop = NonNull::from(l);
        let made = Owned::new(Data { refs: Cell::new(1), event_loop, data, destroy })?;
        // SAFETY: the count has this one reference.
        Some(unsafe { Kept::from_raw(made.into_raw()) })
    }
}

// SAFETY: `new` puts each into its own block, and only `release` frees it, at a count of zero.
unsafe impl Counted for Data {
    type Face = Data;

    fn face(&self) -> &Data {
        self
    }

    fn retain(&self) -> bool {
        let Some(more) = self.refs.get().checked_add(1) else { return false };
        self.refs.set(more);
        true
    }

    unsafe fn release(object: NonNull<Data>) {
        // SAFETY: the reference keeps the object until it is counted off. The last one takes back the `Owned` of
        // `new`. The loop is live, because it frees its clients first, and can't be freed in a callback of theirs.
        unsafe {
            let Data { ref refs, event_loop, data, destroy } = *object.as_ref();
            refs.set(refs.get() - 1);
            if refs.get() == 0 {
                drop(Owned::from_raw(object));
                event_loop.as_ref().destroy(destroy, data);
            }
        }
    }
}
