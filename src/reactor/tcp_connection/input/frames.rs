//! Hands the frames in a connection's input over, one after the other.

#![forbid(unsafe_code)]

use super::framing::{Framing, Next};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::{AfterSending, Connection};

impl Connection {
    /// Calls `deliver` with each whole frame, which has left the input by then, so that a callback that runs the loop
    /// doesn't see it again. It may do anything to the connection.
    pub fn deliver_frames(&self, framing: Framing, deliver: impl Fn(*const u8, usize)) {
        while self.takes_frames() {
            match framing.next(self.input.bytes()) {
                Next::Part => return,
                Next::TooLong => {
                    return ready::close_in_iteration(self, CloseReason::of_call(libc::EMSGSIZE));
                }
                Next::Frame { start, len, whole } => {
                    let at = self.input.read_at().wrapping_add(start);
                    self.input.readIndex.set(self.input.readIndex.get() + whole as i32);
                    deliver(at, len);
                }
            }
        }
    }

    /// Whether the program wants more input.
    fn takes_frames(&self) -> bool {
        open::is_open(self) && !self.is_paused() && self.after_sending.get() == AfterSending::GoOn
    }
}
