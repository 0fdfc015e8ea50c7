//! The HTTP state of a connection, in the connection's `response` field.

use core::cell::{Cell, OnceCell};
use core::ptr::{NonNull, null_mut};

use crate::abi::types::buffer;
use crate::http::access::Journal;
use crate::http::message::request::{OwnRequest, Request};
use crate::http::server::access_log;
use crate::http::server::deferred::{Awaited, Deferred};
use crate::http::server::phase::Phase;
use crate::http::server::rate::Rate;
use crate::http::server::server_state::HttpServer;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;
use crate::sys::pool::Owned;

/// Why the following requests aren't processed.
#[derive(Clone, Copy)]
enum Blocked {
    /// They are processed as they arrive.
    No,
    /// A deferred response hasn't been sent by the program. Contains the connection's reference to it.
    ByAnswer(NonNull<Deferred>),
    /// The client hasn't received all queued bytes.
    ByQueue,
}

/// The number of unread bytes at which reading stops while requests have to wait.
const UNREAD_MAX: usize = 64 << 10;

pub struct Http {
    blocked: Cell<Blocked>,
    /// The number of calls on this thread's stack that answer requests or call the access log. Until the last of
    /// them has returned, the state stays valid and no other request is processed.
    frames: Cell<u32>,
    /// Reading was stopped because enough input is waiting.
    paused: Cell<bool>,
    pub phase: Cell<Phase>,
    /// When the phase began, or, for a body, when its latest bytes arrived: the low bits of the clock's
    /// milliseconds.
    pub since: Cell<u32>,
    /// The client's progress with the queue at the last check, and when it last changed.
    pub taken: Cell<u32>,
    pub written: Cell<u32>,
    pub rate: Rate,
    /// The number of requests so far.
    pub requests: Cell<u32>,
    /// The state for the access log.
    journal: OnceCell<Owned<Journal>>,
}

impl Http {
    /// The state of a connection of an HTTP server. It is valid while the connection is open, and while it is
    /// entered.
    pub fn of(conn: &Connection) -> Option<&Http> {
        // SAFETY: the field belongs to the server, which stores only what `make` has made, and NULL when that is
        // freed.
        unsafe { conn.public.response.get().cast::<Http>().as_ref() }
    }

    /// The state of a connection, made if there is none. None if out of memory.
    pub fn make(conn: &Connection) -> Option<&Http> {
        if conn.public.response.get().is_null() {
            Http::begin(conn);
        }
        Http::of(conn)
    }

    #[cold]
    fn begin(conn: &Connection) {
        let now = clock::now_ms() as u32;
        let made = Owned::new(Http {
            blocked: Cell::new(Blocked::No),
            frames: Cell::new(0),
            paused: Cell::new(false),
            phase: Cell::new(Phase::Idle),
            since: Cell::new(now),
            taken: Cell::new(0),
            written: Cell::new(now),
            rate: Rate::default(),
            requests: Cell::new(0),
            journal: OnceCell::new(),
        });
        let place = made.map_or(null_mut(), |made| made.into_raw().as_ptr());
        conn.public.response.set(place.cast());
        if access_log::is_on(conn) {
            access_log::opened(conn);
        }
    }

    /// Frees the state of a connection, if it has one. It must not be entered.
    pub fn free(conn: &Connection) {
        let http: *mut Http = conn.public.response.replace(null_mut()).cast();
        if let Some(http) = NonNull::new(http) {
            // SAFETY: `make` released it from its owner. Anyone with a reference has entered the state, or
            // doesn't use it after a call of the program in which the connection may have ended.
            drop(unsafe { Owned::from_raw(http) });
        }
    }

    /// The journal of the connection, made if it is missing. None if out of memory.
    pub fn journal(&self, conn: &Connection) -> Option<&Journal> {
        if self.journal.get().is_none() {
            // The cell is empty, so this can't fail.
            let _ = self.journal.set(Journal::new(conn)?);
        }
        self.journal.get().map(|journal| &**journal)
    }

    /// Begins a use of the state that lasts across calls of the program, which may run the loop.
    pub fn enter<'a>(&'a self, conn: &'a Connection) -> Served<'a> {
        self.frames.set(self.frames.get() + 1);
        Served { conn, http: self }
    }

    /// Whether a call on this thread's stack uses the state.
    pub fn is_served(&self) -> bool {
        self.frames.get() > 0
    }

    /// The deferred response that the connection waits for.
    pub fn deferred(&self) -> Option<&Deferred> {
        match self.blocked.get() {
            // SAFETY: the connection's reference, which is valid until `end_answer` removes it.
            Blocked::ByAnswer(deferred) => Some(unsafe { deferred.as_ref() }),
            _ => None,
        }
    }

    /// Whether requests wait for this response.
    pub fn awaits(&self, deferred: &Deferred) -> bool {
        self.deferred().is_some_and(|awaited| core::ptr::eq(awaited, deferred))
    }

    /// No -> ByAnswer: a response was deferred.
    pub fn await_answer(&self, deferred: Awaited) {
        self.blocked.set(Blocked::ByAnswer(deferred.into_raw()));
    }

    /// ByAnswer -> No: the response is sent, or its client has gone. Also clears the connection's request, which
    /// belongs to the response.
    pub fn end_answer(&self, conn: &Connection) -> Option<Awaited> {
        let Blocked::ByAnswer(deferred) = self.blocked.get() else {
            return None;
        };
        self.blocked.set(Blocked::No);
        conn.public.request.set(null_mut());
        // SAFETY: `await_answer` stored the reference, which is removed here.
        Some(unsafe { Awaited::from_raw(deferred) })
    }

    /// Removes and returns the request of the connection. None if there is none, or if it belongs to a deferred
    /// response.
    pub fn take_request(&self, conn: &Connection) -> Option<OwnRequest> {
        if matches!(self.blocked.get(), Blocked::ByAnswer(_)) {
            return None;
        }
        let request = NonNull::new(conn.public.request.replace(null_mut()).cast())?;
        // SAFETY: `put_request` stored it, and it is removed here. While it belongs to a deferred response, that
        // is in `blocked` until `end_answer` clears the field.
        Some(unsafe { OwnRequest::from_raw(request) })
    }

    /// No -> ByQueue: requests wait until everything is sent.
    pub fn await_queue(&self) {
        self.blocked.set(Blocked::ByQueue);
    }

    /// As `await_queue`, for a connection that starts to wait for its client.
    pub fn wait_for_client(&self, conn: &Connection) {
        self.await_queue();
        self.phase.set(Phase::Send);
        self.since.set(clock::now_ms() as u32);
        conn.set_answering(true);
    }

    /// Whether requests wait until everything is sent, even if it has been sent in the meantime.
    pub fn awaits_queue(&self) -> bool {
        matches!(self.blocked.get(), Blocked::ByQueue)
    }

    /// Whether requests have to wait.
    pub fn is_blocked(&self, conn: &Connection) -> bool {
        match self.blocked.get() {
            Blocked::No => false,
            Blocked::ByAnswer(_) => true,
            Blocked::ByQueue => conn.is_sending(),
        }
    }

    /// ByQueue -> No: everything was sent, and waiting requests continue. Returns whether they had waited.
    pub fn resume(&self, conn: &Connection) -> bool {
        if !self.awaits_queue() {
            return false;
        }
        self.blocked.set(Blocked::No);
        if self.paused.replace(false) {
            conn.resume();
        }
        self.phase.set(Phase::Idle);
        self.since.set(clock::now_ms() as u32);
        true
    }

    /// Stops reading when a lot of input is waiting.
    pub fn limit_unread(&self, conn: &Connection, unread: usize) {
        if unread >= UNREAD_MAX && !self.paused.get() && self.is_blocked(conn) {
            self.paused.set(conn.pause_reading());
        }
    }

    /// Whether the connection has reached its maximum number of requests.
    pub fn is_last(&self, conn: &Connection) -> bool {
        HttpServer::of(conn).is_some_and(|server| server.is_last(self.requests.get()))
    }

    /// Whether the library has stopped reading.
    pub fn has_paused(&self) -> bool {
        self.paused.get()
    }
}

/// A use of a connection's state. The state stays valid until the last use ends.
pub struct Served<'a> {
    conn: &'a Connection,
    http: &'a Http,
}

impl Served<'_> {
    /// Ends the use. False if the connection has ended: its state is then freed, or will be when a call further
    /// down on the stack ends.
    pub fn leave(self) -> bool {
        let conn = self.conn;
        drop(self);
        !conn.has_closed()
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.http.frames.set(self.http.frames.get() - 1);
        if self.conn.has_closed() && self.http.frames.get() == 0 {
            Http::free(self.conn);
        }
    }
}

/// The input of a connection.
pub fn input_of(conn: &Connection) -> &buffer {
    // SAFETY: the field points to the connection's own buffer, which is a part of it.
    unsafe { &*conn.public.input_buffer.get() }
}

/// Sets the request of a connection that has none.
pub fn put_request(conn: &Connection, request: OwnRequest) {
    conn.public.request.set(request.into_raw().as_ptr().cast());
}

/// The request of a connection that is being read or answered. If its response is deferred, the request belongs
/// to that.
pub fn request_of(conn: &Connection) -> Option<&Request> {
    // SAFETY: the field belongs to the server: `put_request` sets it, and it is cleared before the request is
    // freed or moved to a deferred response.
    unsafe { conn.public.request.get().cast::<Request>().as_ref() }
}
