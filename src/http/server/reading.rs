//! Reads requests whose body the program may take in parts. The parser stops behind a head, so that the program
//! can say where the body goes, and then behind each stretch of it, which is handed over where it lies in the
//! input: nothing is kept, however much there is.

#![forbid(unsafe_code)]

use core::sync::atomic::Ordering::Relaxed;

use crate::abi::types::{REQUEST_DONE, YOLANDA_HTTP_BODY_COMPLETE as COMPLETE};
use crate::http::message::output::Output;
use crate::http::message::request::Intake;
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
