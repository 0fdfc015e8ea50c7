//! Deferred responses, which are sent later, on any thread, as a whole or in parts.
//!
//! A deferred response keeps its connection and its request. The program owns it until it sends it. `order` defers a
//! response and sends it in the order of the requests, `parts` sends one in parts, `callbacks` calls the program's
//! callbacks, and `hold` has the stage of a response and the references to its memory.

mod callbacks;
mod hold;
pub mod order;
mod parts;

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::{ManuallyDrop, size_of};
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::abi::types::{event_loop, http_response};
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::request::{OwnRequest, Request};
use crate::http::server::deferred::callbacks::Callbacks;
use crate::http::server::deferred::hold::{Hold, Stage};
use crate::http::server::deferred::parts::Framing;
use crate::http::wire::status::Status;
use crate::reactor::event_loop::posts::{Call, Task};
use crate::reactor::kept::{Counted, Kept};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::pool;

/// The fields that aren't atomic are used by one thread at a time: the program's until it sends the response,
/// then the connection's.
#[repr(C)]
pub struct Deferred {
    response: Response,
    conn: Kept<Connection>,
    request: OwnRequest,
    asked: Asked,
    /// Whether the head that was sent announced the end of the connection.
    closes: Cell<bool>,
    framing: Cell<Framing>,
    hold: Hold,
    callbacks: Callbacks,
    /// When something was last sent: the low bits of the clock's milliseconds.
    used: AtomicU32,
    /// What was sent: the status, 0 if none, and the number of bytes of the body.
    status: AtomicU32,
    sent: AtomicU64,
}

/// How the request wants to be answered.
#[derive(Clone, Copy)]
struct Asked {
    head_only: bool,
    client_closes: bool,
    is_1_0: bool,
}

/// The connection's reference to the response for which it waits.
pub struct Awaited(NonNull<Deferred>);

/// A reference of the program or of a task.
type Held = Kept<Deferred>;

impl Awaited {
    pub fn into_raw(self) -> NonNull<Deferred> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// `deferred` came from `into_raw`, and is passed here once.
    pub unsafe fn from_raw(deferred: NonNull<Deferred>) -> Awaited {
        Awaited(deferred)
    }
}

impl Deref for Awaited {
    type Target = Deferred;

    fn deref(&self) -> &Deferred {
        // SAFETY: this is the count's own reference, which is released only by the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if self.hold.leave() {
            // SAFETY: it was the last reference.
            unsafe { Deferred::free(self.0) }
        }
    }
}

// SAFETY: `make` puts each response into its own block, and only `free` frees that, after the last reference, on any
// thread.
unsafe impl Counted for Deferred {
    type Face = Deferred;

    fn face(&self) -> &Deferred {
        self
    }

    fn retain(&self) -> bool {
        self.hold.keep()
    }

    unsafe fn release(deferred: NonNull<Deferred>) {
        // SAFETY: the reference keeps the response until it is released. After the last one nothing refers to it.
        unsafe {
            if deferred.as_ref().hold.release() {
                Deferred::free(deferred);
            }
        }
    }
}

impl Deferred {
    /// Makes a deferred response, which the program owns and which takes over the connection's request. Returns
    /// the connection's reference. None if out of memory.
    ///
    /// # Safety
    /// The connection's request isn't removed before `Http::await_answer` gets the result.
    pub unsafe fn make(conn: &Connection) -> Option<Awaited> {
        let request: NonNull<Request> = NonNull::new(conn.public.request.get().cast())?;
        let place: NonNull<Deferred> = NonNull::new(pool::alloc(size_of::<Deferred>()).cast())?;
        let Some(kept) = conn.keep() else {
            // SAFETY: new memory of that size.
            unsafe { pool::free(place.as_ptr().cast(), size_of::<Deferred>()) };
            return None;
        };
        // SAFETY: the response owns the request from here on, and by contract the connection doesn't remove it.
        let request = unsafe { OwnRequest::from_raw(request) };
        let asked = Asked {
            head_only: request.is_head(),
            client_closes: request.ends_connection(),
            is_1_0: request.is_1_0(),
        };
        let own = place.as_ptr();
        // SAFETY: new memory of that size, every field of which is written.
        unsafe {
            Response::init(&raw mut (*own).response, Kind::Deferred);
            (&raw mut (*own).conn).write(kept);
            (&raw mut (*own).request).write(request);
            (&raw mut (*own).asked).write(asked);
            (&raw mut (*own).closes).write(Cell::new(false));
            (&raw mut (*own).framing).write(Cell::new(Framing::None));
            (&raw mut (*own).hold).write(Hold::new());
            (&raw mut (*own).callbacks).write(Callbacks::new());
            (&raw mut (*own).used).write(AtomicU32::new(0));
            (&raw mut (*own).status).write(AtomicU32::new(0));
            (&raw mut (*own).sent).write(AtomicU64::new(0));
        }
        Some(Awaited(place))
    }

    /// The deferred response behind a public pointer. None for a response of another kind.
    ///
    /// # Safety
    /// `response` is a live response, which the program keeps while the result is used.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> Option<&'a Deferred> {
        // SAFETY: only the library makes responses, and one of this kind is the first field of its Deferred.
        unsafe {
            let is_deferred = Response::from_c(response).kind() == Kind::Deferred;
            is_deferred.then(|| &*response.cast::<Deferred>())
        }
    }

    /// The pointer for C.
    pub fn as_c(&self) -> *mut http_response {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// # Safety
    /// There are no references.
    unsafe fn free(place: NonNull<Deferred>) {
        // SAFETY: there are no references. The owned parts are moved out and dropped after the memory is freed:
        // the request first, because dropping the other may free the connection.
        unsafe {
            let own = place.as_ptr();
            (*own).response.reset();
            drop((&raw const (*own).request).read());
            let conn = (&raw const (*own).conn).read();
            pool::free(own.cast(), size_of::<Deferred>());
            drop(conn);
        }
    }

    /// An additional reference. None if there are too many.
    fn keep(&self) -> Option<Held> {
        Kept::of(self)
    }

    pub fn connection(&self) -> &Remote {
        &self.conn
    }

    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The status that is sent.
    pub fn response_status(&self) -> Status {
        self.response.status()
    }

    /// Sends the response, or the end of its stream, for the program. Err with errno: EINVAL and ENOMEM, after
    /// which the program still owns the response; ENOTCONN if the client has gone.
    ///
    /// # Safety
    /// The program owns it, and doesn't use it afterwards unless it still owns it.
    pub unsafe fn send(deferred: NonNull<Deferred>) -> Result<(), c_int> {
        // SAFETY: the program's reference keeps the response until the task owns it.
        let own = unsafe { deferred.as_ref() };
        if own.hold.stage() == Stage::GivenBack {
            return Err(libc::EINVAL);
        }
        // The memory is allocated first, because giving back the response can't be reverted.
        let call = Call::new(Some(on_sent), deferred.as_ptr().cast());
        let task = Task::new(call).ok_or(libc::ENOMEM)?;
        own.hold.give_back();
        if !own.conn.is_own_thread() {
            own.hold.wait_for_calls();
        }
        let open = !own.conn.has_closed();
        let conn: *const Remote = own.connection();
        // SAFETY: the task owns the program's reference. As soon as it is queued, the loop's thread may run it and
        // release the connection, which keeps its loop until then.
        if unsafe { !(*conn).event_loop().post(task) } {
            // SAFETY: the task wasn't queued, because the loop is ending, and the connection with it.
            drop(unsafe { Held::from_raw(deferred) });
            return Err(libc::ENOTCONN);
        }
        if open { Ok(()) } else { Err(libc::ENOTCONN) }
    }

    /// Whether a part of the response was sent, and the program hasn't sent the rest.
    pub fn has_begun(&self) -> bool {
        self.hold.stage() == Stage::Begun
    }

    /// When a part of the response was last sent; `otherwise` if none was.
    pub fn last_use(&self, otherwise: u32) -> u32 {
        if self.has_begun() { self.used.load(Relaxed) } else { otherwise }
    }

    /// What was sent so far: the status, 0 if none, and the number of bytes of the body.
    pub fn progress(&self) -> (Status, u64) {
        (self.status.load(Relaxed), self.sent.load(Relaxed))
    }

    /// EPERM unless the calling thread is the connection's.
    fn check_thread(&self) -> Result<(), c_int> {
        if self.conn.is_own_thread() { Ok(()) } else { Err(libc::EPERM) }
    }
}

/// Ends a deferred response: sends what the program has set, or the end of the stream.
unsafe extern "C-unwind" fn on_sent(_loop: *mut event_loop, data: *mut c_void) {
    // SAFETY: `send` posted the task with the program's reference, which is released here.
    let held = unsafe { Held::from_raw(NonNull::new_unchecked(data.cast())) };
    order::finish(&held);
}
