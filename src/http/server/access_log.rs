//! The server's side of the access log: when an entry begins, what it contains, and when it is passed to the
//! program. All functions are called for connections of a server with a log, on the connection's thread.
#![forbid(unsafe_code)]

use crate::http::access::{Due, Journal};
use crate::http::message::request::Request;
use crate::http::server::connection::Http;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;

/// Whether a connection's responses are logged.
#[inline]
pub fn is_on(conn: &Connection) -> bool {
    HttpServer::of(conn).is_some_and(|server| server.log.get().is_some())
}

/// The journal of a connection, made if it is missing. None if out of memory.
fn journal(conn: &Connection) -> Option<&Journal> {
    Http::of(conn)?.journal(conn)
}

/// A new connection: makes the journal, because the peer may be gone when there is a response.
#[cold]
pub fn opened(conn: &Connection) {
    journal(conn);
}

/// Starts the time of a request whose first bytes may have arrived, unless it has been started.
#[cold]
pub fn begins(conn: &Connection) {
    if let Some(journal) = journal(conn) {
        journal.begin();
    }
}

/// Copies the texts of a request that is complete, or as complete as it will be.
#[cold]
pub fn asked(conn: &Connection, request: &Request) {
    if let Some(journal) = journal(conn) {
        journal.take_down(Some(request));
    }
}

/// The response was deferred. In any case there will be an entry.
#[cold]
pub fn deferred(conn: &Connection) {
    if let Some(journal) = journal(conn) {
        journal.wait_for_answer();
    }
}

/// Records how much was sent of a deferred response whose client has gone or whose connection is ending.
#[cold]
pub fn given_up(conn: &Connection, sent: (Status, u64)) {
    if let Some(journal) = journal(conn) {
        journal.give_up(sent);
    }
}

/// The connection has received the whole response, or won't receive more of it: makes the entry, but for a file
/// only when it has been sent.
#[cold]
pub fn answered(conn: &Connection, request: &Request, status: Status, bytes: u64, cut: bool) {
    match journal(conn) {
        Some(journal) if !cut && conn.file_left() > 0 => journal.wait_for_file((status, bytes)),
        _ => tell(conn, Some(request), status, bytes, cut),
    }
}

/// Everything that was queued has been sent. May call the program.
#[cold]
pub fn sent(conn: &Connection) {
    if journal(conn).is_some_and(Journal::waits_for_file) {
        ended(conn);
    }
}

/// The library has answered with an error instead of the program. The entry is made when the connection ends,
/// because the program must not be called at this point.
#[cold]
pub fn turned_away(conn: &Connection, request: Option<&Request>, status: Status) {
    if let Some(journal) = journal(conn) {
        journal.turn_away(request, status);
    }
}

/// A connection ends or has sent everything: makes the outstanding entry of its last response. The connection
/// isn't being served.
#[cold]
pub fn ended(conn: &Connection) {
    let due = journal(conn).and_then(|journal| journal.due(conn.file_left()));
    if let Some(Due { sent: (status, bytes), cut }) = due {
        tell(conn, None, status, bytes, cut);
    }
}

/// Passes an entry to the program. `bytes` of the body were passed to the connection. `status` 0: there was no
/// response. `cut`: it is incomplete. The callback may do anything that a request callback may do, so the
/// connection has to be checked again afterwards. Its state stays valid during the call.
#[cold]
pub fn tell(conn: &Connection, request: Option<&Request>, status: Status, bytes: u64, cut: bool) {
    let (Some(server), Some(journal)) = (HttpServer::of(conn), journal(conn)) else {
        return;
    };
    if let Some(log) = server.log.get()
        && !server.is_freed()
    {
        log.tell(&journal.entry(conn, request, (status, bytes), cut));
        journal.forget_request();
    }
}
