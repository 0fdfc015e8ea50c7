//! Deferring a response in its callback, and sending it in the order of the requests.

use core::ffi::c_int;

use crate::abi::types::http_response;
use crate::http::server::access_log;
use crate::http::server::connection::{Http, input_of};
use crate::http::server::deferred::{Awaited, Deferred};
use crate::http::server::finish::{self, End, Sent, Unanswered};
use crate::http::server::scratch::{self, Current, Scratch};
use crate::http::server::serve::serve;
use crate::sys::clock;
use crate::sys::fd::More;

/// Defers the response that was passed to a callback. Sends the earlier responses first. Err with errno: EINVAL,
/// EALREADY, ENOTCONN, ENOMEM.
///
/// # Safety
/// `response` was passed to a callback, and this is its loop's thread.
pub unsafe fn defer(response: *mut http_response) -> Result<*mut http_response, c_int> {
    // SAFETY: a response that was passed to a callback is part of a Scratch. `current` refers to objects that
    // stay valid until the callback has returned, and the callback is calling this. The output belongs to the
    // exchange, which also waits for the callback.
    unsafe {
        let scratch = Scratch::from_c(response);
        let Some(current) = scratch.current.get() else {
            return Err(libc::EINVAL);
        };
        if current.deferred.is_some() {
            return Err(libc::EALREADY);
        }
        let conn = current.conn.as_ref();
        let http = Http::of(conn).filter(|_| !conn.has_closed()).ok_or(libc::ENOTCONN)?;
        let made = Deferred::make(conn).ok_or(libc::ENOMEM)?.into_raw();
        current.out.as_ref().flush();
        scratch.current.set(Some(Current { deferred: Some(made), ..current }));
        http.await_answer(Awaited::from_raw(made));
        if access_log::is_on(conn) {
            access_log::deferred(conn);
        }
        conn.set_answering(true);
        Ok(made.as_ref().as_c())
    }
}

/// What happens to the connection after a deferred response.
enum Then {
    /// The following requests are answered.
    GoOn,
    /// It ends when everything is sent.
    Close,
    /// It is aborted, because the stream is incomplete.
    Cut,
}

/// Sends the rest of a deferred response, and continues with the following requests. Does nothing if the
/// connection has ended or no longer waits for this response. The caller has a reference.
pub fn finish(deferred: &Deferred) {
    let Some(conn) = deferred.connection().here() else { return };
    let Some(http) = Http::of(conn).filter(|http| http.awaits(deferred)) else {
        return;
    };
    // After this, the connection has no reference. The caller's keeps the response and its request.
    drop(http.end_answer(conn));
    if conn.has_closed() || conn.is_ending() {
        // If the library has answered instead, the client got a response nevertheless.
        return finish::unanswered(conn, Unanswered::GivenUp(deferred));
    }
    let Some(scratch) = scratch::take(conn.event_loop()) else {
        log_err!("http server: no memory for a response");
        return conn.close_after_send(false);
    };
    let mut then = Then::Cut;
    let mut all_sent = false;
    let served = http.enter(conn);
    let (end, status) = (End::Answered(deferred.request()), deferred.response_status());
    finish::answered(conn, http, end, status, |now| {
        let out = scratch.output(conn);
        let mut date = scratch.date.borrow_mut();
        let ended = deferred.write_end(conn, date.at(now, clock::second), http.is_last(conn), &out);
        then = match ended {
            Some(true) => Then::Close,
            Some(false) => Then::GoOn,
            None => Then::Cut,
        };
        all_sent = out.flush_before(match then {
            Then::Close => More::AtOnce,
            _ => More::Nothing,
        });
        let (status, bytes) = deferred.progress();
        Sent { status, bytes, cut: ended.is_none() || !all_sent }
    });
    drop(scratch);
    if !served.leave() {
        return;
    }
    match then {
        Then::GoOn if all_sent => {
            http.wait_for_client(conn);
            serve(input_of(conn), conn);
        }
        Then::GoOn | Then::Close => {
            conn.set_answering(false);
            conn.close_after_send(all_sent);
        }
        Then::Cut => conn.cut(libc::ECANCELED),
    }
}
