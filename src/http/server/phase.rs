//! What a connection waits for, and since when: the deadlines go by it.
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
    /// The rest of a request line and headers.
    Head,
    /// The rest of a body.
    Body,
    /// A deferred response.
    Answer,
    /// The client, to take what is sent.
    Send,
}

impl Phase {
    /// What a connection waits for behind a batch of requests, of which the last has been read so far.
    fn behind(next: &Next, request: &Request) -> Phase {
        match request.state() {
            _ if *next == Next::Wait => Phase::Answer,
            _ if *next == Next::Hold => Phase::Body,
            // Nobody waits for what is left of its body.
            _ if request.is_dropped() => Phase::Idle,
            REQUEST_BODY => Phase::Body,
            _ if request.is_fresh() => Phase::Idle,
            _ => Phase::Head,
        }
    }
}

/// Notes what the connection waits for from now on. `answered`: a request was answered meanwhile.
pub fn note(http: &Http, request: &Request, next: &Next, answered: bool) {
    let phase = Phase::behind(next, request);
    // The bytes of a head don't begin its time anew, those of a body do. An answer has set it.
    let begins = phase != http.phase.get() || phase == Phase::Body;
    if begins && !answered || phase == Phase::Answer {
        http.since.set(clock::now_ms() as u32);
    }
    http.phase.set(phase);
}
