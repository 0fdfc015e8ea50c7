//! Callbacks with data of the program's: counted, so that the data is destroyed once nobody calls them any more.

use super::input::framing::Framing;
use crate::abi::types::{YOLANDA_FRAMES_NONE, yolanda_callbacks};
use crate::reactor::kept::{Counted, Kept};
use crate::sync::refs::{RefCount, Released};
use crate::sys::explained::explain;
use crate::sys::pool::Owned;
use libc::c_int;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub struct Handlers {
    pub callbacks: yolanda_callbacks,
    /// How the input is divided into frames.
    pub framing: Option<Framing>,
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
    /// EINVAL for a framing that makes no sense, ENOMEM: the data stays the caller's.
    pub fn new(callbacks: &yolanda_callbacks) -> Result<Kept<Handlers>, c_int> {
        let framing = framing(callbacks)?;
        let refs = RefCount::new();
        // The only references are those of handles.
        refs.retain();
        refs.let_go();
        let refused = AtomicBool::new(false);
        let made = Owned::new(Handlers { callbacks: *callbacks, framing, refused, refs });
        // SAFETY: the count has this one reference.
        made.map(|made| unsafe { Kept::from_raw(made.into_raw()) }).ok_or(libc::ENOMEM)
    }

    /// Leaves the data to the program, because the call that brought it fails. Nobody was given the handlers.
    pub fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }
}

/// The framing that a program describes. The bytes of a connection go to one callback.
fn framing(callbacks: &yolanda_callbacks) -> Result<Option<Framing>, c_int> {
    let yolanda_callbacks { framing: kind, frame_prefix, frame_limit, .. } = *callbacks;
    if kind == YOLANDA_FRAMES_NONE && callbacks.frame.is_none() {
        return Ok(None);
    }
    if callbacks.frame.is_none() || callbacks.message.is_some() {
        return Err(explain!(libc::EINVAL, "with framing it takes `frame`, and no `message`"));
    }
    let framing = Framing::of(kind, frame_prefix, frame_limit);
    framing.map(Some).ok_or_else(|| {
        explain!(
            libc::EINVAL,
            "framing is {kind}, frame_prefix is {frame_prefix}, frame_limit is {frame_limit}"
        )
    })
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
        framing: YOLANDA_FRAMES_NONE,
        frame_prefix: 0,
        frame_limit: 0,
        frame: None,
        input_ended: None,
        idle: None,
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
