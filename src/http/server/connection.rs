//! What the server keeps for one connection, in the connection's `response` field.

use core::mem::size_of;
use core::ptr::null_mut;
use std::cell::Cell;

use crate::abi::types::tcp_connection;
use crate::http::access::Journal;
use crate::http::server::access_log;
use crate::http::server::deferred::Deferred;
use crate::http::server::rate::Rate;
use crate::reactor::tcp_connection::is_open;
use crate::sys::{clock, pool};

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A request.
    Idle,
    /// The rest of a request line and headers.
    Head,
    /// The rest of a body.
    Body,
    /// A deferred response.
    Answer,
    /// The client, to take what is sent.
    Send,
}

pub struct Http {
    /// The response that somebody will give later; meanwhile no further request is looked at.
    pub deferred: Cell<*mut Deferred>,
    /// Calls on this thread's stack that answer requests, or tell the program of answers: the state stays,
    /// and no other request is looked at, until the last of them has returned.
    frames: Cell<u32>,
    /// No further request is looked at until all is sent.
    pub sending: Cell<bool>,
    /// Reading was stopped because enough has come that waits for the answer.
    pub paused: Cell<bool>,
    pub phase: Cell<Phase>,
    /// When the phase began, for a body its latest bytes: low bits of the clock's milliseconds.
    pub since: Cell<u32>,
    /// How far the client had taken the queue at the last look, and when that had changed.
    pub taken: Cell<u32>,
    pub written: Cell<u32>,
    pub rate: Rate,
    /// Requests so far.
    pub requests: Cell<u32>,
    /// What the access log needs; NULL without one.
    pub journal: Cell<*mut Journal>,
}

/// The state of a connection; NULL where it has none.
///
/// # Safety
/// `conn` is a live connection of an HTTP server.
pub unsafe fn of(conn: *mut tcp_connection) -> *mut Http {
    // SAFETY: the field is the server's.
    unsafe { (*conn).response.get().cast() }
}

/// The state of a connection, made where there is none; NULL when memory is out.
///
/// # Safety
/// As `of`.
pub unsafe fn make(conn: *mut tcp_connection) -> *mut Http {
    // SAFETY: as said; fresh memory is written at once.
    unsafe {
        if (*conn).response.get().is_null() {
            let http: *mut Http = pool::alloc(size_of::<Http>()).cast();
            if !http.is_null() {
                let now = clock::now_ms() as u32;
                http.write(Http {
                    deferred: Cell::new(null_mut()),
                    frames: Cell::new(0),
                    sending: Cell::new(false),
                    paused: Cell::new(false),
                    phase: Cell::new(Phase::Idle),
                    since: Cell::new(now),
                    taken: Cell::new(0),
                    written: Cell::new(now),
                    rate: Rate::default(),
                    requests: Cell::new(0),
                    journal: Cell::new(null_mut()),
                });
            }
            (*conn).response.set(http.cast());
            if access_log::is_on(conn) {
                access_log::opened(conn);
            }
        }
        of(conn)
    }
}

/// A call begins that uses the state across calls of the program, which may run the loop; `leave` ends it.
///
/// # Safety
/// The state of a live connection, on its thread.
pub unsafe fn enter(http: *mut Http) {
    // SAFETY: the count is the connection's thread's.
    unsafe { (*http).frames.set((*http).frames.get() + 1) };
}

/// The end of a call that `enter` has begun. False where the connection has ended: its state is gone then,
/// or goes with a call further down on the stack.
///
/// # Safety
/// As `enter`; the caller doesn't use the state afterwards unless this is true.
pub unsafe fn leave(conn: *mut tcp_connection, http: *mut Http) -> bool {
    // SAFETY: the state is kept by the count until here, the connection by the pass.
    unsafe {
        (*http).frames.set((*http).frames.get() - 1);
        if is_open(conn) {
            return true;
        }
        if (*http).frames.get() == 0 {
            free(conn);
        }
        false
    }
}

/// Whether a call on this thread's stack uses the state.
///
/// # Safety
/// As `enter`.
pub unsafe fn is_served(http: *const Http) -> bool {
    // SAFETY: the count is the connection's thread's.
    unsafe { (*http).frames.get() > 0 }
}

/// Frees the state of a connection, if it has one.
///
/// # Safety
/// As `of`; nothing uses the state any more.
pub unsafe fn free(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        let http = of(conn);
        (*conn).response.set(null_mut());
        if !http.is_null() {
            Journal::free((*http).journal.get());
            pool::free(http.cast(), size_of::<Http>());
        }
    }
}
