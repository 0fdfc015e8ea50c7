//! What a loop keeps for the requests that it answers, so that a request costs no allocation and
//! a connection without one holds nothing. Callbacks may run the loop again: then the state is
//! in use, and that iteration gets another one.

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

/// First the response that a callback is given: from its address the rest is found.
#[repr(C)]
pub struct Scratch {
    pub response: Response,
    /// The request that is being answered.
    pub current: Cell<Option<Current>>,
    pub date: RefCell<Date>,
    /// Room for responses on their way out.
    room: NonNull<u8>,
    /// An empty request.
    spare: Cell<Option<OwnRequest>>,
}

/// What a callback's call to defer its response needs. All of it stays until the callback has returned.
#[derive(Clone, Copy)]
pub struct Current {
    pub conn: NonNull<Connection>,
    pub out: NonNull<Output<'static>>,
    /// What the call made.
    pub deferred: Option<NonNull<Deferred>>,
}

impl Scratch {
    /// The state whose response was given to a callback.
    ///
    /// # Safety
    /// `response` is of the kind that callbacks are given, on its loop's thread.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> &'a Scratch {
        // SAFETY: a response of that kind is the first field of its loop's state.
        unsafe { &*response.cast::<Scratch>() }
    }

    fn make() -> Option<NonNull<Scratch>> {
        let place: NonNull<Scratch> = NonNull::new(pool::alloc(size_of::<Scratch>()).cast())?;
        let Some(room) = NonNull::new(pool::alloc(ROOM)) else {
            // SAFETY: fresh memory of that size.
            unsafe { pool::free(place.as_ptr().cast(), size_of::<Scratch>()) };
            return None;
        };
        let own = place.as_ptr();
        // SAFETY: fresh memory of that size, of which every field is written.
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
    /// A state of `make` that nobody uses any more.
    unsafe fn free(place: NonNull<Scratch>) {
        // SAFETY: all that it has is its own, and of these sizes.
        unsafe {
            drop(place.as_ref().spare.take());
            pool::free(place.as_ref().room.as_ptr(), ROOM);
            pool::free(place.as_ptr().cast(), size_of::<Scratch>());
        }
    }

    /// What collects the answers for a connection of the state's loop.
    pub fn output<'a>(&self, conn: &'a Connection) -> Output<'a> {
        // SAFETY: the room has ROOM bytes. Who has taken the state makes one output at a time with it.
        unsafe { Output::new(conn, self.room) }
    }

    /// An empty request; None when memory is out.
    pub fn take_request(&self) -> Option<OwnRequest> {
        self.spare.take().or_else(OwnRequest::new)
    }

    /// Takes an empty request for the next one who needs one. One is kept.
    pub fn put_request(&self, request: OwnRequest) {
        drop(self.spare.replace(Some(request)));
    }
}

/// The state of a loop, as long as somebody uses it.
pub struct Lent<'a> {
    l: &'a Loop,
    scratch: NonNull<Scratch>,
}

/// The loop's state, or a new one while that is in use; None when memory is out.
pub fn take(l: &Loop) -> Option<Lent<'_>> {
    let kept: *mut Scratch = l.attachment.replace(core::ptr::null_mut()).cast();
    let scratch = NonNull::new(kept).or_else(Scratch::make)?;
    Some(Lent { l, scratch })
}

impl Deref for Lent<'_> {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        // SAFETY: `take` got it for this handle alone, and the drop gives it back.
        unsafe { self.scratch.as_ref() }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.l.attachment.get().is_null() {
            self.l.attachment.set(self.scratch.as_ptr().cast());
        } else {
            // SAFETY: nobody else has it, and the loop keeps another one.
            unsafe { Scratch::free(self.scratch) };
        }
    }
}

/// Frees what a loop has kept.
///
/// # Safety
/// A state that a handle has left with the loop, and that nobody uses any more.
pub unsafe fn free_kept(kept: *mut c_void) {
    if let Some(kept) = NonNull::new(kept.cast()) {
        // SAFETY: a handle has left it with the loop, which ends, and takes no other one.
        unsafe { Scratch::free(kept) };
    }
}
