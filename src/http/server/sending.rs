//! Responses whose body is a file, and the requests behind them: those wait until the client has taken
//! what the queue holds, so that however many there are and however large the files, little memory is
//! needed.

use crate::abi::types::tcp_connection;
use crate::http::message::http_response;
use crate::http::message::http_response::{Form, Response};
use crate::http::message::output::Output;
use crate::http::server::connection::{Http, Phase};
use crate::http::wire::encode::is_bodiless;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

/// So many bytes of files may go to one connection before others have their turn.
const BATCH: u64 = 1 << 20;

/// Writes a response, with its file. Tells how many bytes the body has that goes with it.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn write(response: *mut Response, form: &Form<'_>, out: &mut Output) -> u64 {
    // SAFETY: as said.
    unsafe {
        let written = http_response::encode_to(response, form, out);
        if let Some(file) = (*response).take_file()
            && file.length > 0
            && !form.head_only
            && !is_bodiless(http_response::status(response))
        {
            let length = file.length;
            out.put_file(file);
            return if out.has_failed() { 0 } else { length };
        }
        written
    }
}

/// What the requests behind a response do.
#[derive(PartialEq, Eq)]
pub enum After {
    /// They are answered as well.
    GoOn,
    /// They have a turn of their own.
    Rest,
    /// They wait until all is sent.
    Wait,
}

/// What comes after a response.
///
/// # Safety
/// `conn` is the live connection that `out` sends to, on its thread.
#[inline]
pub unsafe fn after(conn: *mut tcp_connection, out: &Output) -> After {
    if out.files == 0 {
        return After::GoOn;
    }
    // SAFETY: as said.
    match unsafe { Connection::from_c(conn).is_sending() } {
        true => After::Wait,
        false if out.files > BATCH => After::Rest,
        false => After::GoOn,
    }
}

/// Has the requests that come next wait until all is sent.
///
/// # Safety
/// A live connection of an HTTP server with its state, on its thread.
pub unsafe fn wait(conn: *mut tcp_connection, http: *mut Http) {
    // SAFETY: as said.
    unsafe {
        (*http).sending.set(true);
        (*http).phase.set(Phase::Send);
        (*http).since.set(clock::now_ms() as u32);
        Connection::from_c(conn).set_answering(true);
    }
}

/// Whether requests have to wait: for a deferred response, or until all is sent.
///
/// # Safety
/// As `wait`.
pub unsafe fn is_waited_for(conn: *mut tcp_connection, http: *const Http) -> bool {
    // SAFETY: as said.
    unsafe {
        !(*http).deferred.get().is_null()
            || ((*http).sending.get() && Connection::from_c(conn).is_sending())
    }
}

/// The requests that have waited go on, where there are any: whether it was so.
///
/// # Safety
/// As `wait`; nothing is waited for.
pub unsafe fn resume(conn: *mut tcp_connection, http: *mut Http) -> bool {
    // SAFETY: as said.
    unsafe {
        if !(*http).sending.replace(false) {
            return false;
        }
        if (*http).paused.replace(false) {
            Connection::from_c(conn).resume_reading();
        }
        (*http).phase.set(Phase::Idle);
        (*http).since.set(clock::now_ms() as u32);
        true
    }
}
