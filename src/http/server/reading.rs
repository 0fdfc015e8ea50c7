//! Reads requests whose body the program may take in parts. The parser stops behind a head, so that the program
//! can say where the body goes, and then behind each stretch of it, which is handed over where it lies in the
//! input: nothing is kept, however much there is.

use core::ffi::c_int;
use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::{REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE, buffer};
use crate::http::message::output::Output;
use crate::http::message::request::{Intake, Request};
use crate::http::message::upload::Upload;
use crate::http::server::decide::{self, Decision};
use crate::http::server::exchange::Exchange;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::Status;

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
/// error: what the request is refused with. What callbacks can change is looked at afresh behind them.
pub fn read(
    exchange: &Exchange<'_>,
    server: &HttpServer,
    out: &mut Output,
) -> Result<Read, Status> {
    let Exchange { conn, input, request, .. } = *exchange;
    let asks = server.asks.load(Relaxed);
    loop {
        if let Some(upload) = request.upload() {
            if conn.is_paused() {
                return Ok(Read::Held);
            }
            take(input, upload.part.replace(0));
        }
        request.parse(input, &exchange.limits)?;
        let halted = request.is_halted();
        let done = request.state() == REQUEST_DONE;
        if (halted || done && asks) && request.intake() == Intake::Open {
            match decide::decide(exchange, server, out)? {
                Decision::Read => continue,
                Decision::Answer => return Ok(Read::Answer),
                Decision::Gone => return Ok(Read::Gone),
            }
        }
        let streams = match request.upload() {
            Some(upload) if halted => {
                hand_over(input, request, upload);
                true
            }
            upload => {
                let streams = upload.is_some();
                if done {
                    request.end_upload(COMPLETE);
                }
                streams
            }
        };
        if streams && (conn.is_closing() || conn.is_ending()) {
            return Ok(Read::Gone);
        }
        if !halted {
            return Ok(Read::All);
        }
    }
}

/// Gives the program the part of the body that the input begins with. Its last byte stays there, so that
/// there is something to go on with for a program that stops the reading and begins it again.
fn hand_over(input: &buffer, request: &Request, upload: &Upload) {
    let part = upload.part.get();
    // SAFETY: the parser has left a part of that length at the front of the input.
    unsafe { upload.hand_over(request.as_c().cast(), input.read_at().cast(), part) };
    take(input, part.saturating_sub(1));
    upload.part.set(part.min(1));
}

/// Drops bytes at the front of the input. A loop that ran within a callback may have dropped all of them.
fn take(input: &buffer, bytes: usize) {
    input.readIndex.set(input.readIndex.get() + bytes.min(input.readable()) as c_int);
}
