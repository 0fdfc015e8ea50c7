//! What a server tells its access log: when an entry begins, what it says, and when it is handed to the program.
//! The connections are those of a server with a log, on their thread.
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

/// What is known of a connection and its request, made where it is missing; None when memory is out.
fn journal(conn: &Connection) -> Option<&Journal> {
    Http::of(conn)?.journal(conn)
}

/// A connection has come: its peer may be gone when there is a response.
#[cold]
pub fn opened(conn: &Connection) {
    journal(conn);
}

/// The first bytes of a request may be there; its time begins, unless it has.
#[cold]
pub fn begins(conn: &Connection) {
    if let Some(journal) = journal(conn) {
        journal.begin();
    }
}

/// A request is there, or as much of it as there will be.
#[cold]
pub fn asked(conn: &Connection, request: &Request) {
    if let Some(journal) = journal(conn) {
        journal.take_down(Some(request));
    }
}

/// The response was deferred: whatever becomes of it, there will be an entry.
#[cold]
pub fn deferred(conn: &Connection) {
    if let Some(journal) = journal(conn) {
        journal.wait_for_answer();
    }
}

/// The client has gone, or the connection ends, before a deferred response was given: so much was sent.
#[cold]
pub fn given_up(conn: &Connection, sent: (Status, u64)) {
    if let Some(journal) = journal(conn) {
        journal.give_up(sent);
    }
}

/// The connection has all of a response, or will never have: the program is told, but of a file only when
/// that has been sent.
#[cold]
pub fn answered(conn: &Connection, request: &Request, status: Status, bytes: u64, cut: bool) {
    match journal(conn) {
        Some(journal) if !cut && conn.file_left() > 0 => journal.wait_for_file((status, bytes)),
        _ => tell(conn, Some(request), status, bytes, cut),
    }
}

/// All that was queued has been sent. The program may be told.
#[cold]
pub fn sent(conn: &Connection) {
    if journal(conn).is_some_and(Journal::waits_for_file) {
        ended(conn);
    }
}

/// The library has answered with an error in place of what the connection waits for. The entry comes with
/// the connection's end: this isn't a place to call the program from.
#[cold]
pub fn turned_away(conn: &Connection, request: Option<&Request>, status: Status) {
    if let Some(journal) = journal(conn) {
        journal.turn_away(request, status);
    }
}

/// A connection ends, or has sent all: the entry that its last response hasn't had. Nobody serves the connection.
#[cold]
pub fn ended(conn: &Connection) {
    let due = journal(conn).and_then(|journal| journal.due(conn.file_left()));
    if let Some(Due { sent: (status, bytes), cut }) = due {
        tell(conn, None, status, bytes, cut);
    }
}

/// Tells the program of a response, `bytes` of whose body were handed to the connection. `status` 0: there
/// was none. `cut`: it isn't whole. The callback may do what a request's callback may: the connection is looked at
/// afresh afterwards, and its state stays meanwhile.
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
