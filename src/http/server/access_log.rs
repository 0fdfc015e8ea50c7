//! What a server tells its access log: when an entry begins, what it says, and when it is handed to the program.

use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::tcp_connection;
use crate::http::access::{Due, Journal, Log, Sent};
use crate::http::message::request::Request;
use crate::http::server::connection;
use crate::http::server::server_state;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;
use crate::sys::pool::Owned;

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

/// What is known of a connection and its request, made where it is missing; None when memory is out.
///
/// # Safety
/// A live connection on its thread. The result isn't used once the connection's state is freed.
unsafe fn journal<'a>(conn: *mut tcp_connection) -> Option<&'a Journal> {
    // SAFETY: a live connection has its state while it is served, and that its journal until it is freed.
    unsafe {
        let http = connection::of(conn).as_ref()?;
        if http.journal.get().is_null() {
            let made = Journal::new(Connection::from_c(conn))?;
            http.journal.set(made.into_raw().as_ptr());
        }
        http.journal.get().as_ref()
    }
}

/// Frees what a connection's state has.
///
/// # Safety
/// NULL, or a journal that nobody uses any more.
pub unsafe fn free(journal: *mut Journal) {
    // SAFETY: `journal` took it out of its owner, and it is given back once.
    drop(NonNull::new(journal).map(|journal| unsafe { Owned::from_raw(journal) }));
}

/// Frees a server's log.
///
/// # Safety
/// NULL, or a log that nobody looks at any more.
pub unsafe fn free_log(log: *mut Log) {
    // SAFETY: the server's settings took it out of its owner, and it is given back once.
    drop(NonNull::new(log).map(|log| unsafe { Owned::from_raw(log) }));
}

/// A connection has come whose responses are logged: its peer may be gone when there is one.
///
/// # Safety
/// As for `is_on`, which says yes; the connection is the caller's thread's.
#[cold]
pub unsafe fn opened(conn: *mut tcp_connection) {
    // SAFETY: a live connection on its thread.
    unsafe { journal(conn) };
}

/// The first bytes of a request may be there; its time begins, unless it has.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn begins(conn: *mut tcp_connection) {
    // SAFETY: a live connection on its thread.
    if let Some(journal) = unsafe { journal(conn) } {
        journal.begin();
    }
}

/// A request is there, or as much of it as there will be.
///
/// # Safety
/// As for `opened`; `request` is NULL or a live request.
#[cold]
pub unsafe fn asked(conn: *mut tcp_connection, request: *mut Request) {
    // SAFETY: a live connection on its thread, and its request.
    unsafe {
        if let Some(journal) = journal(conn) {
            journal.take_down(request.as_ref());
        }
    }
}

/// The response was deferred: whatever becomes of it, there will be an entry.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn deferred(conn: *mut tcp_connection) {
    // SAFETY: a live connection on its thread.
    if let Some(journal) = unsafe { journal(conn) } {
        journal.wait_for_answer();
    }
}

/// The client has gone, or the connection ends, before a deferred response was given: so much was sent.
///
/// # Safety
/// As for `opened`.
#[cold]
pub unsafe fn given_up(conn: *mut tcp_connection, sent: Sent) {
    // SAFETY: a live connection on its thread.
    if let Some(journal) = unsafe { journal(conn) } {
        journal.give_up(sent);
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
    // SAFETY: a live connection on its thread, and its request.
    unsafe {
        match journal(conn) {
            Some(journal) if !cut && Connection::from_c(conn).file_left() > 0 => {
                journal.wait_for_file((status, bytes));
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
    // SAFETY: a live connection on its thread.
    unsafe {
        if journal(conn).is_some_and(Journal::waits_for_file) {
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
    // SAFETY: a live connection on its thread; the journal doesn't look at a deferred response's request.
    unsafe {
        if let Some(journal) = journal(conn) {
            journal.turn_away(request.as_ref(), status);
        }
    }
}

/// A connection ends, or has sent all: the entry that its last response hasn't had.
///
/// # Safety
/// As for `opened`; nobody serves the connection.
#[cold]
pub unsafe fn ended(conn: *mut tcp_connection) {
    // SAFETY: a live connection on its thread.
    unsafe {
        let left = Connection::from_c(conn).file_left();
        if let Some(Due { sent: (status, bytes), cut }) = journal(conn).and_then(|j| j.due(left)) {
            tell(conn, null_mut(), status, bytes, cut);
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
    // SAFETY: a connection keeps its server, and that its log; the request is NULL or live.
    unsafe {
        let server = server_state::of(conn);
        let Some(journal) = journal(conn) else { return };
        if (*server).is_freed() {
            return;
        }
        let log = (*server).log.load(Relaxed);
        let conn = Connection::from_c(conn);
        (*log).tell(&journal.entry(conn, request.as_ref(), (status, bytes), cut));
        journal.forget_request();
    }
}
