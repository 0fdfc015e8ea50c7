//! What becomes of a connection between its requests: all is sent, the client sends no more, the connection has
//! ended.

use core::ptr::{NonNull, null_mut};

use crate::abi::types::YOLANDA_HTTP_BODY_CUT as CUT;
use crate::http::message::request;
use crate::http::server::access_log;
use crate::http::server::connection::{Http, input_of, request_of};
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

/// The client sends no more, and an answer is outstanding.
pub fn half_closed(conn: &Connection) {
    if let Some(deferred) = Http::of(conn).and_then(Http::deferred) {
        deferred.tell_half_closed();
    }
}

/// Frees what a connection holds that has ended. While a request is being answered it belongs to `serve`, which sees
/// the end itself; that of a deferred response belongs to it.
pub fn forget(conn: &Connection) {
    let Some(http) = Http::of(conn) else { return };
    if let Some(deferred) = http.end_answer() {
        conn.public.request.set(null_mut());
        finish::unanswered(conn, Unanswered::GivenUp(&deferred));
        deferred.tell_closed();
        drop(deferred);
    } else if !http.is_served()
        && let Some(request) = request_of(conn)
    {
        conn.public.request.set(null_mut());
        request.end_upload(CUT);
        // SAFETY: it came from the pools, and was the connection's, which has forgotten it.
        unsafe { request::free(NonNull::from(request).as_ptr()) };
    }
    if !http.is_served() {
        if access_log::is_on(conn) {
            access_log::ended(conn);
        }
        Http::free(conn);
    }
}
