//! Responses whose body is a file, and the requests after them. These wait until the client has received what is
//! queued, so that many requests for large files need little memory.
#![forbid(unsafe_code)]

use crate::http::message::http_response::{Form, Response};
use crate::http::message::output::Output;
use crate::http::wire::encode::is_bodiless;
use crate::reactor::tcp_connection::Connection;

/// The number of bytes of files for one connection after which others get their turn.
const BATCH: u64 = 1 << 20;

/// Encodes a response with its file. Returns the number of bytes of the body that are part of it.
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

/// What happens to the requests after a response.
#[derive(PartialEq, Eq)]
pub enum After {
    /// They are answered, too.
    GoOn,
    /// They get a turn of their own.
    Rest,
    /// They wait until everything is sent.
    Wait,
}

/// What follows a response to the connection of `out`.
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
