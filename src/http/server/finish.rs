//! The end of an exchange: its response is counted and written, the time for what comes next begins, and the
//! access log hears of it.

#![forbid(unsafe_code)]

use core::sync::atomic::Ordering::Relaxed;

use crate::http::message::request::Request;
use crate::http::server::access_log;
use crate::http::server::connection::Http;
use crate::http::server::deferred::Deferred;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

/// What is answered.
pub enum End<'a> {
    /// A request: by the program, or by what a folder or the routes have in its place.
    Answered(&'a Request),
    /// Bytes that are no request, or none that is served.
    Refused(&'a Request),
    /// The library answers in place of what the connection waits for.
    TurnedAway(Option<&'a Request>),
}

/// What was handed to the connection.
pub struct Sent {
    pub status: Status,
    /// Of the body.
    pub bytes: u64,
    /// It isn't whole.
    pub cut: bool,
}

/// Ends an exchange with a response of that status, which `write` writes: it is given the milliseconds of the
/// clock. The log calls the program: the connection is looked at afresh afterwards.
pub fn answered(
    conn: &Connection,
    http: &Http,
    end: End<'_>,
    status: Status,
    write: impl FnOnce(i64) -> Sent,
) {
    if let Some(server) = HttpServer::of(conn) {
        server.count_response(status);
    }
    let now = clock::now_ms();
    http.since.set(now as u32);
    let sent = write(now);
    if !access_log::is_on(conn) {
        return;
    }
    match end {
        End::Answered(request) => {
            access_log::answered(conn, request, sent.status, sent.bytes, sent.cut);
        }
        End::Refused(request) => {
            access_log::asked(conn, request);
            access_log::tell(conn, Some(request), sent.status, sent.bytes, sent.cut);
        }
        End::TurnedAway(request) => access_log::turned_away(conn, request, sent.status),
    }
}

/// Why there is no response.
pub enum Unanswered<'a> {
    /// The connection ended while the handler ran.
    Lost(&'a Request),
    /// The connection ended before the deferred response was given.
    GivenUp(&'a Deferred),
    /// A deadline is over. An answer may follow.
    TimedOut,
}

/// Ends an exchange, or the wait for one, without a response. The log calls the program.
#[cold]
pub fn unanswered(conn: &Connection, why: Unanswered<'_>) {
    let logs = access_log::is_on(conn);
    match why {
        Unanswered::Lost(request) if logs => access_log::tell(conn, Some(request), 0, 0, true),
        Unanswered::GivenUp(deferred) if logs => access_log::given_up(conn, deferred.progress()),
        Unanswered::TimedOut => {
            if let Some(server) = HttpServer::of(conn) {
                server.counts.timeouts.fetch_add(1, Relaxed);
            }
        }
        _ => (),
    }
}
