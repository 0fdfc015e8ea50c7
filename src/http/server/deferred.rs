//! Responses that are given later, on whatever thread: whole, or in parts.
//!
//! A deferred response keeps its connection and its request. It is the program's until that gives it
//! back; `hold` says how far it is, and who needs its memory. What the program is told comes from
//! `telling`, what it sends in parts goes through `parts`.

mod hold;
mod parts;
mod telling;

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::{ManuallyDrop, size_of};
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::later;
use crate::abi::types::{event_loop, http_response};
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::request::{OwnRequest, Request};
use crate::http::server::deferred::hold::{Hold, Stage};
use crate::http::server::deferred::parts::Framing;
use crate::http::server::deferred::telling::Telling;
use crate::http::wire::status::Status;
use crate::reactor::event_loop::posts::{Call, Task};
use crate::reactor::kept::{Counted, Kept};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::pool;

/// One thread at a time uses what isn't atomic: the program's, until it gives the response back, then the
/// connection's.
#[repr(C)]
pub struct Deferred {
    response: Response,
    conn: Kept<Connection>,
    request: OwnRequest,
    asked: Asked,
    /// The head that was sent said so.
    closes: Cell<bool>,
    framing: Cell<Framing>,
    hold: Hold,
    telling: Telling,
    /// When something was sent last: the low bits of the clock's milliseconds.
    used: AtomicU32,
    /// What was sent: the status, 0 if none, and bytes of the body.
    status: AtomicU32,
    sent: AtomicU64,
}

/// What the callback's request says about its answer.
#[derive(Clone, Copy)]
struct Asked {
    head_only: bool,
    client_closes: bool,
    is_1_0: bool,
}

/// The connection's reference to the response that it waits for.
pub struct Awaited(NonNull<Deferred>);

/// A reference of the program's, or of a task.
type Held = Kept<Deferred>;

impl Awaited {
    pub fn into_raw(self) -> NonNull<Deferred> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// `deferred` came from `into_raw`, and is given here once.
    pub unsafe fn from_raw(deferred: NonNull<Deferred>) -> Awaited {
        Awaited(deferred)
    }
}

impl Deref for Awaited {
    type Target = Deferred;

    fn deref(&self) -> &Deferred {
        // SAFETY: the count's own reference, which only the drop gives back.
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

// SAFETY: `make` puts every response into a block of its own, and only `free` gives that back, behind the last
// reference, on whatever thread.
unsafe impl Counted for Deferred {
    type Face = Deferred;

    fn face(&self) -> &Deferred {
        self
    }

    fn retain(&self) -> bool {
        self.hold.keep()
    }

    unsafe fn release(deferred: NonNull<Deferred>) {
        // SAFETY: the reference keeps the response until it is counted off. Behind the last one nobody has it.
        unsafe {
            if deferred.as_ref().hold.release() {
                Deferred::free(deferred);
            }
        }
    }
}

impl Deferred {
    /// Makes a response for later, which is the program's, and has the connection's request from now on. The result
    /// is the connection's reference. None when memory is out.
    ///
    /// # Safety
    /// Nobody takes the connection's request out before `Http::await_answer` gets the result.
    pub unsafe fn make(conn: &Connection) -> Option<Awaited> {
        let request: NonNull<Request> = NonNull::new(conn.public.request.get().cast())?;
        let place: NonNull<Deferred> = NonNull::new(pool::alloc(size_of::<Deferred>()).cast())?;
        let Some(kept) = conn.keep() else {
            // SAFETY: fresh memory of that size.
            unsafe { pool::free(place.as_ptr().cast(), size_of::<Deferred>()) };
            return None;
        };
        // SAFETY: the response has the request from here on: the connection doesn't take it out.
        let request = unsafe { OwnRequest::from_raw(request) };
        let asked = Asked {
            head_only: request.is_head(),
            client_closes: request.ends_connection(),
            is_1_0: request.is_1_0(),
        };
        let own = place.as_ptr();
        // SAFETY: fresh memory of that size, of which every field is written.
        unsafe {
            Response::init(&raw mut (*own).response, Kind::Deferred);
            (&raw mut (*own).conn).write(kept);
            (&raw mut (*own).request).write(request);
            (&raw mut (*own).asked).write(asked);
            (&raw mut (*own).closes).write(Cell::new(false));
            (&raw mut (*own).framing).write(Cell::new(Framing::None));
            (&raw mut (*own).hold).write(Hold::new());
            (&raw mut (*own).telling).write(Telling::new());
            (&raw mut (*own).used).write(AtomicU32::new(0));
            (&raw mut (*own).status).write(AtomicU32::new(0));
            (&raw mut (*own).sent).write(AtomicU64::new(0));
        }
        Some(Awaited(place))
    }

    /// The deferred response behind a public pointer; None for one of another kind.
    ///
    /// # Safety
    /// A live response, which the program keeps as long as the result is used.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> Option<&'a Deferred> {
        // SAFETY: only the library makes responses, and one of this kind stands at the start of its Deferred.
        unsafe {
            let is_deferred = Response::from_c(response).kind() == Kind::Deferred;
            is_deferred.then(|| &*response.cast::<Deferred>())
        }
    }

    /// The pointer that the program has.
    pub fn as_c(&self) -> *mut http_response {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// # Safety
    /// Nobody else has a reference.
    unsafe fn free(place: NonNull<Deferred>) {
        // SAFETY: nobody has the response. What it owns is moved out, and goes when its memory is given back: the
        // request first, as the connection may go with the other.
        unsafe {
            let own = place.as_ptr();
            (*own).response.reset();
            drop((&raw const (*own).request).read());
            let conn = (&raw const (*own).conn).read();
            pool::free(own.cast(), size_of::<Deferred>());
            drop(conn);
        }
    }

    /// A reference beside the caller's; None when there are too many.
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

    /// The program gives the response up: what it has set is sent, or the end of the stream. Err with errno: EINVAL
    /// and ENOMEM, and it stays the program's; ENOTCONN, where the client has gone.
    ///
    /// # Safety
    /// It is the program's, which doesn't use it afterwards unless it stays its own.
    pub unsafe fn send(deferred: NonNull<Deferred>) -> Result<(), c_int> {
        // SAFETY: the program's reference keeps the response until the task has it.
        let own = unsafe { deferred.as_ref() };
        if own.hold.stage() == Stage::GivenBack {
            return Err(libc::EINVAL);
        }
        // First the memory: what was given back isn't taken again.
        let call = Call { callback: Some(on_sent), data: deferred.as_ptr().cast() };
        let task = Task::new(call).ok_or(libc::ENOMEM)?;
        own.hold.give_back();
        if !own.conn.is_own_thread() {
            own.hold.wait_for_calls();
        }
        let open = !own.conn.has_closed();
        let conn: *const Remote = own.connection();
        // SAFETY: the program's reference goes with the task, which the loop's thread may run, and with it let the
        // connection go, as soon as it is queued: the connection keeps its loop until then.
        if unsafe { !(*conn).event_loop().post(task) } {
            // SAFETY: the task wasn't queued, as the loop ends, and the connection with it.
            drop(unsafe { Held::from_raw(deferred) });
            return Err(libc::ENOTCONN);
        }
        if open { Ok(()) } else { Err(libc::ENOTCONN) }
    }

    /// Whether something of the response was sent, and it isn't given back.
    pub fn has_begun(&self) -> bool {
        self.hold.stage() == Stage::Begun
    }

    /// When something of the response was sent last; `otherwise` where nothing was.
    pub fn last_use(&self, otherwise: u32) -> u32 {
        if self.has_begun() { self.used.load(Relaxed) } else { otherwise }
    }

    /// What was sent so far: the status, 0 if none, and bytes of the body.
    pub fn progress(&self) -> (Status, u64) {
        (self.status.load(Relaxed), self.sent.load(Relaxed))
    }

    /// The deferred response of a call that only the connection's thread may make: EPERM on another one.
    fn check_thread(&self) -> Result<(), c_int> {
        if self.conn.is_own_thread() { Ok(()) } else { Err(libc::EPERM) }
    }
}

/// Ends a deferred response: what the program set is sent, or the end of the stream.
unsafe extern "C-unwind" fn on_sent(_loop: *mut event_loop, data: *mut c_void) {
    // SAFETY: `send` posted it with the program's reference, which is given back here.
    let held = unsafe { Held::from_raw(NonNull::new_unchecked(data.cast())) };
    later::finish(&held);
}
