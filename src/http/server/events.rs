//! Events of a connection between its requests: everything was sent, the client has ended its side, the
//! connection has ended.
#![forbid(unsafe_code)]

use crate::abi::types::YOLANDA_HTTP_BODY_CUT as CUT;
use crate::http::server::access_log;
use crate::http::server::connection::{Http, input_of};
use crate::http::server::finish::{self, Unanswered};
use crate::http::server::serve::serve;
use crate::reactor::tcp_connection::Connection;

/// Everything that a connection queued has been sent.
pub fn drained(conn: &Connection) {
    let Some(http) = Http::of(conn) else { return };
    if let Some(deferred) = http.deferred() {
        deferred.tell_writable();
    } else if http.awaits_queue() {
        serve(input_of(conn), conn);
    }
}

/// Whether requests are being answered further down on the stack.
pub fn is_answering(conn: &Connection) -> bool {
    Http::of(conn).is_some_and(Http::is_served)
}

/// The client has ended its side while a response is outstanding.
pub fn half_closed(conn: &Connection) {
    if let Some(deferred) = Http::of(conn).and_then(Http::deferred) {
        deferred.tell_half_closed();
    }
}

/// Frees the HTTP state of a connection that has ended. While a request is being answered, it belongs to `serve`,
/// which handles the end itself; the request of a deferred response belongs to that response.
pub fn forget(conn: &Connection) {
    let Some(http) = Http::of(conn) else { return };
    if let Some(deferred) = http.end_answer(conn) {
        finish::unanswered(conn, Unanswered::GivenUp(&deferred));
        deferred.tell_closed();
        drop(deferred);
    } else if !http.is_served()
        && let Some(request) = http.take_request(conn)
    {
        request.end_upload(CUT);
    }
    if !http.is_served() {
        if access_log::is_on(conn) {
            access_log::ended(conn);
        }
        Http::free(conn);
    }
}
