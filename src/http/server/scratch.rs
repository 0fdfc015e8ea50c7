//! Objects that a loop reuses for all requests, so that a request costs no allocation and an idle connection
//! holds none of them. If a callback runs the loop, they are in use, and the inner iteration gets new ones.

use core::cell::{Cell, RefCell};
use core::ffi::c_void;
use core::mem::size_of;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::abi::types::http_response;
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::output::{Output, ROOM};
use crate::http::message::request::OwnRequest;
use crate::http::server::deferred::Deferred;
use crate::http::wire::date::Date;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::sys::pool;

/// The response for callbacks comes first: the other fields are found through its address.
#[repr(C)]
pub struct Scratch {
    pub response: Response,
    /// The request that is being answered.
    pub current: Cell<Option<Current>>,
    pub date: RefCell<Date>,
    /// The buffer of `ROOM` bytes for output.
    room: NonNull<u8>,
    /// An empty request.
    spare: Cell<Option<OwnRequest>>,
}

/// What a callback needs to defer its response. All of it stays valid until the callback has returned.
#[derive(Clone, Copy)]
pub struct Current {
    pub conn: NonNull<Connection>,
    pub out: NonNull<Output<'static>>,
    /// The deferred response, if the callback has made one.
    pub deferred: Option<NonNull<Deferred>>,
}

impl Scratch {
    /// The Scratch of a response that was passed to a callback.
    ///
    /// # Safety
    /// `response` was passed to a callback, and this is its loop's thread.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> &'a Scratch {
        // SAFETY: such a response is the first field of a Scratch.
        unsafe { &*response.cast::<Scratch>() }
    }

    fn make() -> Option<NonNull<Scratch>> {
        let place: NonNull<Scratch> = NonNull::new(pool::alloc(size_of::<Scratch>()).cast())?;
        let Some(room) = NonNull::new(pool::alloc(ROOM)) else {
            // SAFETY: new memory of that size.
            unsafe { pool::free(place.as_ptr().cast(), size_of::<Scratch>()) };
            return None;
        };
        let own = place.as_ptr();
        // SAFETY: new memory of that size, every field of which is written.
        unsafe {
            Response::init(&raw mut (*own).response, Kind::Serving);
            (&raw mut (*own).current).write(Cell::new(None));
            (&raw mut (*own).date).write(RefCell::new(Date::new()));
            (&raw mut (*own).room).write(room);
            (&raw mut (*own).spare).write(Cell::new(None));
        }
        Some(place)
    }

    /// # Safety
    /// `place` came from `make`, and nothing uses it any more.
    unsafe fn free(place: NonNull<Scratch>) {
        // SAFETY: the parts belong to it alone, and have these sizes.
        unsafe {
            drop(place.as_ref().spare.take());
            pool::free(place.as_ref().room.as_ptr(), ROOM);
            pool::free(place.as_ptr().cast(), size_of::<Scratch>());
        }
    }

    /// The output for a connection of this loop.
    pub fn output<'a>(&self, conn: &'a Connection) -> Output<'a> {
        // SAFETY: the buffer has ROOM bytes. The user of the Scratch makes one output at a time.
        unsafe { Output::new(conn, self.room) }
    }

    /// An empty request. None if out of memory.
    pub fn take_request(&self) -> Option<OwnRequest> {
        self.spare.take().or_else(OwnRequest::new)
    }

    /// Stores an empty request for the next use. At most one is kept.
    pub fn put_request(&self, request: OwnRequest) {
        drop(self.spare.replace(Some(request)));
    }
}

/// The Scratch of a loop while it is in use.
pub struct Lent<'a> {
    l: &'a Loop,
    scratch: NonNull<Scratch>,
}

/// The loop's Scratch, or a new one while that is in use. None if out of memory.
pub fn take(l: &Loop) -> Option<Lent<'_>> {
    let kept: *mut Scratch = l.attachment.replace(core::ptr::null_mut()).cast();
    let scratch = NonNull::new(kept).or_else(Scratch::make)?;
    Some(Lent { l, scratch })
}

impl Deref for Lent<'_> {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        // SAFETY: `take` gave it to this handle alone, and the drop returns it.
        unsafe { self.scratch.as_ref() }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.l.attachment.get().is_null() {
            self.l.attachment.set(self.scratch.as_ptr().cast());
        } else {
            // SAFETY: nothing else uses it, and the loop keeps another one.
            unsafe { Scratch::free(self.scratch) };
        }
    }
}

/// Frees the Scratch that a loop has kept.
///
/// # Safety
/// A handle has returned it to the loop, and nothing uses it any more.
pub unsafe fn free_kept(kept: *mut c_void) {
    if let Some(kept) = NonNull::new(kept.cast()) {
        // SAFETY: a handle returned it to the loop, which is ending and takes it only once.
        unsafe { Scratch::free(kept) };
    }
}
