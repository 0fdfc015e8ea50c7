//! Answers that are given later: out of the callback, and back into the order of the requests.

use core::ptr::null_mut;

use super::deferred;
use super::scratch;
use super::{connection, sending};
use crate::abi::types::tcp_connection;
use crate::http::message::http_response;
use crate::http::message::http_response::Response;
use crate::http::message::output::Output;
use crate::http::message::request;
use crate::http::server::access_log;
use crate::http::server::deferred::{Asked, Deferred};
use crate::http::server::exchange::{is_last, note_answer, serve};
use crate::http::server::scratch::{Current, Scratch};
use crate::reactor::tcp_connection::{Connection, close_after_send, is_open};
use crate::sys::fd::More;
use crate::sys::{clock, errno};

/// Defers the response that a callback was given: what was answered before it is sent first.
/// NULL with errno.
///
/// # Safety
/// `response` is one that callbacks are given.
pub unsafe fn defer(response: *mut Response) -> *mut Deferred {
    // SAFETY: such a response stands at the start of its loop's scratch, and while its callback runs
    // `current` is set.
    unsafe {
        let scratch: *mut Scratch = response.cast();
        let Current { conn, request, out, deferred } = (*scratch).current;
        if conn.is_null() || !deferred.is_null() {
            errno::set(if conn.is_null() { libc::EINVAL } else { libc::EALREADY });
            return null_mut();
        }
        let http = connection::of(conn);
        if !is_open(conn) || http.is_null() {
            errno::set(libc::ENOTCONN);
            return null_mut();
        }
        let asked = Asked {
            head_only: request::is_head(request),
            client_closes: request::ends_connection(request),
            is_1_0: request::is_1_0(request),
        };
        let made = deferred::make(conn, request, &asked);
        if made.is_null() {
            errno::set(libc::ENOMEM);
            return null_mut();
        }
        (*out).flush();
        (*scratch).current.deferred = made;
        (*http).deferred.set(made);
        if access_log::is_on(conn) {
            access_log::deferred(conn);
        }
        Connection::from_c(conn).set_answering(true);
        made
    }
}

/// Sends the rest of a deferred response, and goes on with the requests behind it. Nothing where the
/// connection has ended, or doesn't wait for this response any more.
///
/// # Safety
/// The caller has a hold on the deferred response, which keeps the connection; on its loop's thread.
pub unsafe fn finish(conn: *mut tcp_connection, deferred: *mut Deferred) {
    // SAFETY: as said; the state is there as long as the connection is open.
    unsafe {
        let http = connection::of(conn);
        if http.is_null() || (*http).deferred.get() != deferred {
            return;
        }
        // From here on it isn't the connection's any more: the caller's hold keeps it, with its request.
        (*http).deferred.set(null_mut());
        deferred::leave(deferred);
        (*conn).request.set(null_mut());
        if !is_open(conn) || Connection::from_c(conn).is_ending() {
            // One that was turned away has its answer.
            if access_log::is_on(conn) {
                access_log::given_up(conn, deferred::progress(deferred));
            }
            return;
        }
        let slot = Connection::from_c(conn).event_loop().attachment.as_ptr();
        let scratch = scratch::take(slot);
        if scratch.is_null() {
            log_err!("http server: no memory for a response");
            return close_after_send(conn, false);
        }
        let mut out = Output::new(conn, (*scratch).room);
        let date = *(*scratch).date.at(clock::now_ms(), clock::second);
        let ended = deferred::write_end(deferred, &date, is_last(conn), &mut out);
        note_answer(conn, http_response::status(&raw mut (*deferred).response));
        let sent = out.flush_before(match ended {
            Some(true) => More::AtOnce,
            _ => More::Nothing,
        });
        scratch::put_back(slot, scratch);
        if access_log::is_on(conn) {
            let (status, bytes) = deferred::progress(deferred);
            let cut = ended.is_none() || !sent;
            connection::enter(http);
            access_log::answered(conn, (*deferred).request, status, bytes, cut);
            if !connection::leave(conn, http) {
                return;
            }
        }
        match ended {
            Some(false) if sent => {
                sending::wait(conn, http);
                serve((*conn).input_buffer.get(), conn);
            }
            Some(_) => {
                Connection::from_c(conn).set_answering(false);
                close_after_send(conn, sent);
            }
            None => Connection::from_c(conn).cut(libc::ECANCELED),
        }
    }
}
