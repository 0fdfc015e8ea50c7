//! Callbacks with data of the program's: counted, so that the data is destroyed once nobody calls them any more.

use crate::abi::types::yolanda_callbacks;
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::{RefCount, Released};
use crate::sys::pool::Owned;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub struct Handlers {
    pub callbacks: yolanda_callbacks,
    /// The call that brought them has failed: the data stays the program's.
    refused: AtomicBool,
    refs: RefCount,
}

// SAFETY: nothing changes but atomics. That the data may be used on the threads of all the connections is what the
// program promises.
unsafe impl Sync for Handlers {}

// SAFETY: `new` makes each of an `Owned`, which the last reference frees.
unsafe impl Counted for Handlers {
    type Face = Handlers;

    fn face(&self) -> &Handlers {
        self
    }

    fn retain(&self) -> bool {
        self.refs.retain()
    }

    unsafe fn release(handlers: NonNull<Handlers>) {
        // SAFETY: the reference keeps the object until it is counted off. The last one has it alone, and calls the
        // program's function with its own data, once.
        unsafe {
            if handlers.as_ref().refs.release() == Released::Last {
                let yolanda_callbacks { data, destroy, .. } = handlers.as_ref().callbacks;
                let refused = handlers.as_ref().refused.load(Relaxed);
                drop(Owned::from_raw(handlers));
                if let Some(destroy) = destroy
                    && !refused
                {
                    destroy(data);
                }
            }
        }
    }
}

impl Handlers {
    /// None when memory is out: the data stays the caller's.
    pub fn new(callbacks: &yolanda_callbacks) -> Option<Kept<Handlers>> {
        let refs = RefCount::new();
        // The only references are those of handles.
        refs.retain();
        refs.let_go();
        let made =
            Owned::new(Handlers { callbacks: *callbacks, refused: AtomicBool::new(false), refs })?;
        // SAFETY: the count has this one reference.
        Some(unsafe { Kept::from_raw(made.into_raw()) })
    }

    /// Leaves the data to the program, because the call that brought it fails. Nobody was given the handlers.
    pub fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }
}

/// A place for handlers.
#[derive(Default)]
pub struct Slot(Cell<Option<Kept<Handlers>>>);

impl Slot {
    /// Another reference to what is there.
    pub fn get(&self) -> Option<Kept<Handlers>> {
        let handlers = self.0.take();
        let another = handlers.as_deref().and_then(Kept::of);
        self.0.set(handlers);
        another
    }

    /// Puts others there. What was there before may be destroyed by this.
    pub fn set(&self, handlers: Kept<Handlers>) {
        drop(self.0.replace(Some(handlers)));
    }
}

/// Reads the struct of a program, which may be older or newer than this library. None where it is too small.
///
/// # Safety
/// `from` is NULL or has as many bytes as its `size` says, at least that field.
pub unsafe fn read(from: *const yolanda_callbacks) -> Option<yolanda_callbacks> {
    let mut to = yolanda_callbacks {
        size: 0,
        data: ptr::null_mut(),
        destroy: None,
        completed: None,
        message: None,
        write_completed: None,
        closed: None,
    };
    if from.is_null() {
        return None;
    }
    // SAFETY: the program's struct has `size` bytes, of which no more are read than the library's has.
    unsafe {
        let size = (*from).size;
        if size < std::mem::offset_of!(yolanda_callbacks, completed) {
            return None;
        }
        let size = size.min(size_of::<yolanda_callbacks>());
        ptr::copy_nonoverlapping(from.cast::<u8>(), (&raw mut to).cast::<u8>(), size);
    }
    Some(to)
}
