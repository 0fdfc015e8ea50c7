//! Reads requests whose body the program may take in parts. The parser stops behind a head, so that the program
//! can say where the body goes, and then behind each stretch of it, which is handed over where it lies in the
//! input: nothing is kept, however much there is.

use core::ffi::{c_char, c_int};
use core::sync::atomic::Ordering::Relaxed;

use super::intake;
use super::server_state;
use crate::abi::types::{
    REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE, buffer, tcp_connection,
};
use crate::http::message::http_response::Response;
use crate::http::message::output::Output;
use crate::http::message::request;
use crate::http::message::request::{Intake, Request};
use crate::http::message::upload::{self, Upload};
use crate::http::server::intake::Next;
use crate::http::wire::limits::Limits;
use crate::http::wire::status::Status;
use crate::reactor::buffer::{read_at, readable};
use crate::reactor::tcp_connection::Connection;

/// What reading has come to.
pub enum Read {
    /// The end of the request, or of the input.
    All,
    /// As much of the request as is needed to answer it.
    Answer,
    /// The program has stopped the reading.
    Held,
    /// The program has ended the connection.
    Gone,
}

/// Reads a request, has it decided what becomes of its body, and hands that over if the program wants it so. An
/// error: what the request is refused with.
///
/// # Safety
/// A live connection on its thread, which is being served, its input and its request; the response is the
/// loop's, and empty.
pub unsafe fn read(
    input: *mut buffer,
    conn: *mut tcp_connection,
    request: *mut Request,
    response: *mut Response,
    limits: &Limits,
    out: &mut Output,
) -> Result<Read, Status> {
    // SAFETY: as said; all that a callback can change is looked at afresh behind it.
    unsafe {
        let asks = (*server_state::of(conn)).asks.load(Relaxed);
        loop {
            let upload = request::upload(request);
            if !upload.is_null() {
                if Connection::from_c(conn).is_paused() {
                    return Ok(Read::Held);
                }
                take(input, (*upload).part.replace(0));
            }
            request::parse(input, request, limits)?;
            let halted = request::parser(request).is_halted();
            let done = request::state(request) == REQUEST_DONE;
            if (halted || done && asks) && request::intake(request) == Intake::Open {
                match intake::decide(input, conn, request, response, limits, out)? {
                    Next::Read => continue,
                    Next::Answer => return Ok(Read::Answer),
                    Next::Gone => return Ok(Read::Gone),
                }
            }
            if halted {
                hand_over(input, request, upload);
            } else if done {
                upload::end(request, COMPLETE);
            }
            if !upload.is_null()
                && (Connection::from_c(conn).is_closing() || Connection::from_c(conn).is_ending())
            {
                return Ok(Read::Gone);
            }
            if !halted {
                return Ok(Read::All);
            }
        }
    }
}

/// Gives the program the part of the body that the input begins with. Its last byte stays there, so that
/// there is something to go on with for a program that stops the reading and begins it again.
unsafe fn hand_over(input: *mut buffer, request: *mut Request, upload: *mut Upload) {
    // SAFETY: the part lies in the input. The request keeps its upload until the final call.
    unsafe {
        let part = (*upload).part.get();
        let bytes: *const c_char = read_at(input).cast();
        (*upload).hand_over(request, bytes, part);
        take(input, part.saturating_sub(1));
        (*upload).part.set(part.min(1));
    }
}

/// Drops bytes at the front of the input. A loop that ran within a callback may have dropped all of them.
unsafe fn take(input: *mut buffer, bytes: usize) {
    // SAFETY: a live buffer; what is readable is a c_int.
    unsafe {
        (*input).readIndex.set((*input).readIndex.get() + bytes.min(readable(input)) as c_int)
    };
}
