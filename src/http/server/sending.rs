//! Responses whose body is a file, and the requests behind them: those wait until the client has taken
//! what the queue holds, so that however many there are and however large the files, little memory is
//! needed.
#![forbid(unsafe_code)]

use crate::http::message::http_response::{Form, Response};
use crate::http::message::output::Output;
use crate::http::wire::encode::is_bodiless;
use crate::reactor::tcp_connection::Connection;

/// So many bytes of files may go to one connection before others have their turn.
const BATCH: u64 = 1 << 20;

/// Writes a response, with its file. Tells how many bytes the body has that goes with it.
pub fn write(response: &Response, form: &Form<'_>, mut out: &Output<'_>) -> u64 {
    let written = response.encode(form, &mut out);
    if let Some(file) = response.take_file()
        && file.length > 0
        && !form.head_only
        && !is_bodiless(response.status())
    {
        let length = file.length;
        out.put_file(file);
        return if out.has_failed() { 0 } else { length };
    }
    written
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

/// What comes after a response to a connection, which `out` sends to.
#[inline]
pub fn after(conn: &Connection, out: &Output<'_>) -> After {
    if out.files() == 0 {
        return After::GoOn;
    }
    match conn.is_sending() {
        true => After::Wait,
        false if out.files() > BATCH => After::Rest,
        false => After::GoOn,
    }
}
