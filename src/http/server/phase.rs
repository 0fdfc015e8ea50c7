//! The phase of a connection: what it waits for, and since when. The deadlines depend on it.
#![forbid(unsafe_code)]

use crate::abi::types::REQUEST_BODY;
use crate::http::message::request::Request;
use crate::http::server::connection::Http;
use crate::http::server::exchange::Next;
use crate::sys::clock;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A request.
    Idle,
    /// The rest of the request line and the headers.
    Head,
    /// The rest of a body.
    Body,
    /// A deferred response.
    Answer,
    /// The client, which has to receive what is queued.
    Send,
}

impl Phase {
    /// What a connection waits for after a batch of requests, the last of which has been read this far.
    fn behind(next: &Next, request: &Request) -> Phase {
        match request.state() {
            _ if *next == Next::Wait => Phase::Answer,
            _ if *next == Next::Hold => Phase::Body,
            // The rest of its body isn't needed.
            _ if request.is_dropped() => Phase::Idle,
            REQUEST_BODY => Phase::Body,
            _ if request.is_fresh() => Phase::Idle,
            _ => Phase::Head,
        }
    }
}

/// Records what the connection waits for. `answered`: a request was answered in the batch.
pub fn note(http: &Http, request: &Request, next: &Next, answered: bool) {
    let phase = Phase::behind(next, request);
    // More bytes of a head don't restart its time; those of a body do. A response has set the time already.
    let begins = phase != http.phase.get() || phase == Phase::Body;
    if begins && !answered || phase == Phase::Answer {
        http.since.set(clock::now_ms() as u32);
    }
    http.phase.set(phase);
}
