//! What the server keeps for one connection, in the connection's `response` field.

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

/// What keeps the requests that come next from being looked at.
#[derive(Clone, Copy)]
enum Blocked {
    /// Nothing: they are read as they come.
    No,
    /// A deferred response isn't given yet. It is the connection's reference.
    ByAnswer(NonNull<Deferred>),
    /// The client hasn't taken all that was sent.
    ByQueue,
}

/// So much unread input stops the reading while requests have to wait.
const UNREAD_MAX: usize = 64 << 10;

pub struct Http {
    blocked: Cell<Blocked>,
    /// Calls on this thread's stack that answer requests, or tell the program of answers: the state stays,
    /// and no other request is looked at, until the last of them has returned.
    frames: Cell<u32>,
    /// Reading was stopped because enough has come that waits.
    paused: Cell<bool>,
    pub phase: Cell<Phase>,
    /// When the phase began, for a body its latest bytes: low bits of the clock's milliseconds.
    pub since: Cell<u32>,
    /// How far the client had taken the queue at the last look, and when that had changed.
    pub taken: Cell<u32>,
    pub written: Cell<u32>,
    pub rate: Rate,
    /// Requests so far.
    pub requests: Cell<u32>,
    /// What the access log needs.
    journal: OnceCell<Owned<Journal>>,
}

impl Http {
    /// The state of a connection of an HTTP server. It stays as long as the connection is open, and as long as
    /// somebody has entered it.
    pub fn of(conn: &Connection) -> Option<&Http> {
        // SAFETY: the field is the server's, which puts nothing there but what `make` has made, and NULL when that
        // is freed.
        unsafe { conn.public.response.get().cast::<Http>().as_ref() }
    }

    /// The state of a connection, made where there is none; None when memory is out.
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

    /// Frees the state of a connection, if it has one. Nobody has entered it.
    pub fn free(conn: &Connection) {
        let http: *mut Http = conn.public.response.replace(null_mut()).cast();
        if let Some(http) = NonNull::new(http) {
            // SAFETY: `begin` took it out of its owner. Who has a reference has entered the state, or doesn't use it
            // behind the call of the program in which the connection ended.
            drop(unsafe { Owned::from_raw(http) });
        }
    }

    /// What the access log knows of the connection, made where it is missing; None when memory is out.
    pub fn journal(&self, conn: &Connection) -> Option<&Journal> {
        if self.journal.get().is_none() {
            // It is empty: nothing is lost.
            let _ = self.journal.set(Journal::new(conn)?);
        }
        self.journal.get().map(|journal| &**journal)
    }

    /// A call begins that uses the state across calls of the program, which may run the loop.
    pub fn enter<'a>(&'a self, conn: &'a Connection) -> Served<'a> {
        self.frames.set(self.frames.get() + 1);
        Served { conn, http: self }
    }

    /// Whether a call on this thread's stack uses the state.
    pub fn is_served(&self) -> bool {
        self.frames.get() > 0
    }

    /// The response that somebody will give later.
    pub fn deferred(&self) -> Option<&Deferred> {
        match self.blocked.get() {
            // SAFETY: the connection's reference, which `end_answer` takes out of here.
            Blocked::ByAnswer(deferred) => Some(unsafe { deferred.as_ref() }),
            _ => None,
        }
    }

    /// Whether it is this response that requests wait for.
    pub fn awaits(&self, deferred: &Deferred) -> bool {
        self.deferred().is_some_and(|awaited| core::ptr::eq(awaited, deferred))
    }

    /// No -> ByAnswer: a response was deferred.
    pub fn await_answer(&self, deferred: Awaited) {
        self.blocked.set(Blocked::ByAnswer(deferred.into_raw()));
    }

    /// ByAnswer -> No: the response is given, or its client has gone. Its request goes with it.
    pub fn end_answer(&self, conn: &Connection) -> Option<Awaited> {
        let Blocked::ByAnswer(deferred) = self.blocked.get() else {
            return None;
        };
        self.blocked.set(Blocked::No);
        conn.public.request.set(null_mut());
        // SAFETY: `await_answer` put the reference there, which goes out here.
        Some(unsafe { Awaited::from_raw(deferred) })
    }

    /// The request of the connection goes out of it; None where there is none, or where a deferred response has it.
    pub fn take_request(&self, conn: &Connection) -> Option<OwnRequest> {
        if matches!(self.blocked.get(), Blocked::ByAnswer(_)) {
            return None;
        }
        let request = NonNull::new(conn.public.request.replace(null_mut()).cast())?;
        // SAFETY: `put_request` has put it there, and it goes out here. A deferred response that takes it stays in
        // `blocked` until `end_answer` clears the field.
        Some(unsafe { OwnRequest::from_raw(request) })
    }

    /// No -> ByQueue: requests wait until all is sent.
    pub fn await_queue(&self) {
        self.blocked.set(Blocked::ByQueue);
    }

    /// As `await_queue`, for a connection that waits for its client from now on.
    pub fn wait_for_client(&self, conn: &Connection) {
        self.await_queue();
        self.phase.set(Phase::Send);
        self.since.set(clock::now_ms() as u32);
        conn.set_answering(true);
    }

    /// Whether requests wait until all is sent, or it was sent since.
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

    /// ByQueue -> No: the requests that have waited go on, where there are any: whether it was so. All was sent.
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

    /// Stops the reading once much has come that has to wait.
    pub fn limit_unread(&self, conn: &Connection, unread: usize) {
        if unread >= UNREAD_MAX && !self.paused.get() && self.is_blocked(conn) {
            self.paused.set(conn.pause_reading());
        }
    }

    /// Whether the connection has made as many requests as it may.
    pub fn is_last(&self, conn: &Connection) -> bool {
        HttpServer::of(conn).is_some_and(|server| server.is_last(self.requests.get()))
    }

    /// Whether the library has stopped the reading.
    pub fn has_paused(&self) -> bool {
        self.paused.get()
    }
}

/// A call that uses a connection's state. The state stays until the last of them ends.
pub struct Served<'a> {
    conn: &'a Connection,
    http: &'a Http,
}

impl Served<'_> {
    /// Ends the call. False where the connection has ended: its state is gone then, or goes with a call further
    /// down on the stack.
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
    // SAFETY: the field leads to the connection's own buffer, which is a part of it.
    unsafe { &*conn.public.input_buffer.get() }
}

/// Gives a connection, which has none, its request.
pub fn put_request(conn: &Connection, request: OwnRequest) {
    conn.public.request.set(request.into_raw().as_ptr().cast());
}

/// The request of a connection that has begun to come, or is being answered. It is its deferred response's where
/// there is one.
pub fn request_of(conn: &Connection) -> Option<&Request> {
    // SAFETY: the field is the server's: `put_request` fills it, and who takes the request out, to free it or with a
    // deferred response, clears it before.
    unsafe { conn.public.request.get().cast::<Request>().as_ref() }
}
