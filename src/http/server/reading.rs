//! Reads requests whose body the program may take in parts. The parser stops after the head, so that the program
//! can decide where the body goes, and then after each part, which is passed to the program without copying it.
//! So no body is held in memory, whatever its length.

#![forbid(unsafe_code)]

use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::{REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE};
use crate::http::message::output::Output;
use crate::http::message::request::Intake;
use crate::http::server::decide::{self, Decision};
use crate::http::server::exchange::Exchange;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::Status;

/// The result of reading.
pub enum Read {
    /// The request is complete, or the input is used up.
    All,
    /// Enough of the request was read to answer it.
    Answer,
    /// The program has paused reading.
    Held,
    /// The program has ended the connection.
    Gone,
}

/// Reads a request, decides about its body, and passes the body to the program if it wants it in parts. An error
/// is the status with which the request is refused. Everything that callbacks can change is read again after the
/// calls.
pub fn read(
    exchange: &Exchange<'_>,
    server: &HttpServer,
    out: &Output<'_>,
) -> Result<Read, Status> {
    let Exchange { conn, input, request, .. } = *exchange;
    let asks = server.asks.load(Relaxed);
    loop {
        if let Some(upload) = request.upload() {
            if conn.is_paused() {
                return Ok(Read::Held);
            }
            upload.drop_parsed(input);
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
                upload.hand_over(request, input);
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
