//! The end of an exchange: its response is counted and encoded, the time of the next phase begins, and the access
//! log gets its entry.

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

/// What is being answered.
pub enum End<'a> {
    /// A request: by the program, by a folder of files, or by the routes.
    Answered(&'a Request),
    /// Bytes that aren't a request, or a request that isn't served.
    Refused(&'a Request),
    /// The library answers instead of what the connection waits for.
    TurnedAway(Option<&'a Request>),
}

/// What was passed to the connection.
pub struct Sent {
    pub status: Status,
    /// Of the body.
    pub bytes: u64,
    /// The response is incomplete.
    pub cut: bool,
}

/// Ends an exchange with a response of this status. `write` encodes it; its argument is the clock in
/// milliseconds. The log calls the program, so the connection has to be checked again afterwards.
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
    /// The connection ended before the deferred response was sent.
    GivenUp(&'a Deferred),
    /// A deadline has passed. A response may follow.
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
