//! What a server tells its access log: when an entry begins, what it says, and when it is handed to the program.

use core::ptr::null_mut;
use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::tcp_connection;
use crate::http::access::Journal;
use crate::http::message::request::Request;
use crate::http::server::connection;
use crate::http::server::server_state;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::{Status, reason};
use crate::reactor::tcp_connection::Connection;

/// Whether a connection's responses are logged.
///
/// # Safety
/// `conn` is a live connection of an HTTP server.
#[inline]
pub unsafe fn is_on(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said; a connection keeps its server.
    unsafe {
        let server: *mut HttpServer = server_state::of(conn);
        !server.is_null() && !(*server).log.load(Relaxed).is_null()
    }
}

/// What is known of a connection and its request, made where it is missing; NULL when memory is out.
unsafe fn journal(conn: *mut tcp_connection) -> *mut Journal {
    // SAFETY: a live connection on its thread, which has its state while it is served.
    unsafe {
        let http = connection::of(conn);
        if http.is_null() {
            return null_mut();
        }
        if (*http).journal.get().is_null() {
            (*http).journal.set(Journal::make(conn));
        }
        (*http).journal.get()
    }
}

/// A connection has come whose responses are logged: its peer may be gone when there is one.
///
/// # Safety
/// As for `is_on`, which says yes; the connection is the caller's thread's.
#[cold]
pub unsafe fn opened(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe { journal(conn) };
}

/// The first bytes of a request may be there; its time begins, unless it has.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn begins(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        if let Some(journal) = journal(conn).as_mut() {
            journal.begin();
        }
    }
}

/// A request is there, or as much of it as there will be.
///
/// # Safety
/// As for `opened`; `request` is NULL or a live request.
#[cold]
pub unsafe fn asked(conn: *mut tcp_connection, request: *mut Request) {
    // SAFETY: as said; the journal's memory is this thread's.
    unsafe {
        if let Some(journal) = journal(conn).as_mut() {
            journal.take_down(request);
        }
    }
}

/// The response was deferred: whatever becomes of it, there will be an entry.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn deferred(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        if let Some(journal) = journal(conn).as_mut() {
            journal.pending = true;
        }
    }
}

/// The client has gone, or the connection ends, before a deferred response was given: so much was sent.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn given_up(conn: *mut tcp_connection, sent: (Status, u64)) {
    // SAFETY: as said.
    unsafe {
        if let Some(journal) = journal(conn).as_mut() {
            (journal.status, journal.bytes) = sent;
        }
    }
}

/// The connection has all of a response, or will never have: the program is told, but of a file only when
/// that has been sent.
///
/// # Safety
/// As for `tell`.
pub unsafe fn answered(
    conn: *mut tcp_connection,
    request: *mut Request,
    status: Status,
    bytes: u64,
    cut: bool,
) {
    // SAFETY: as said.
    unsafe {
        match journal(conn).as_mut() {
            Some(journal) if !cut && Connection::from_c(conn).file_left() > 0 => {
                (journal.pending, journal.is_file) = (true, true);
                (journal.status, journal.bytes) = (status, bytes);
            }
            _ => tell(conn, request, status, bytes, cut),
        }
    }
}

/// All that was queued has been sent.
///
/// # Safety
/// As for `tell`.
pub unsafe fn sent(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        let journal = journal(conn);
        if !journal.is_null() && (*journal).is_file {
            ended(conn);
        }
    }
}

/// The library has answered with an error in place of what the connection waits for. The entry comes with
/// the connection's end: this isn't a place to call the program from.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn turned_away(conn: *mut tcp_connection, request: *mut Request, status: Status) {
    // SAFETY: as said. The request of a deferred response is another thread's, and was taken down.
    unsafe {
        if let Some(journal) = journal(conn).as_mut() {
            if !journal.pending {
                journal.take_down(request);
            }
            journal.turn_away(status);
        }
    }
}

/// A connection ends, or has sent all: the entry that its last response hasn't had.
///
/// # Safety
/// As for `opened`; nobody serves the connection.
#[cold]
pub unsafe fn ended(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        let journal = journal(conn);
        if journal.is_null() {
            return;
        }
        let (status, bytes) = ((*journal).status, (*journal).bytes);
        let left = Connection::from_c(conn).file_left();
        match (*journal).turned_away {
            0 if !(*journal).pending => (),
            0 if (*journal).is_file => {
                tell(conn, null_mut(), status, bytes.saturating_sub(left), left > 0);
            }
            0 => tell(conn, null_mut(), status, bytes, true),
            status => tell(conn, null_mut(), status, reason(status).len() as u64, false),
        }
    }
}

/// Tells the program of a response, `bytes` of whose body were handed to the connection. `status` 0: there
/// was none. `cut`: it isn't whole.
///
/// # Safety
/// As for `opened`. The callback may do what a request's callback may: the connection is looked at
/// afresh afterwards, and its state stays meanwhile.
#[cold]
pub unsafe fn tell(
    conn: *mut tcp_connection,
    request: *mut Request,
    status: Status,
    bytes: u64,
    cut: bool,
) {
    // SAFETY: as said; a connection keeps its server, and that its log.
    unsafe {
        let (server, journal) = (server_state::of(conn), journal(conn));
        if journal.is_null() || (*server).is_freed() {
            return;
        }
        let log = (*server).log.load(Relaxed);
        let entry = (*journal).entry(conn, request, status, bytes, cut);
        (*log).tell(&entry);
        (*journal).forget_request();
    }
}
