//! The methods of a connection for the protocol on top of it, in addition to those that programs use. The table in
//! `maker` contains what a connection calls in its protocol.

#![forbid(unsafe_code)]

use super::input::pause;
use super::lifecycle::{overdue, ready, shutdown};
use super::output::file;
use super::{AfterSending, Connection, HeldBy, Work};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::sys::fd as sys_fd;
use libc::c_int;

pub use super::cold_state::Tail;
pub use super::maker::Protocol;

impl Connection {
    /// The protocol of the connection's server, as long as the connection has all its callbacks, so that no code
    /// of the program uses it directly.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        let protocol = self.maker()?.protocol()?;
        // A function may have several addresses, but the connection's pointers were copied from this table.
        let same = self.public.messageCallBack.get().map(|f| f as usize)
            == protocol.message.map(|f| f as usize)
            && self.public.connectionClosedCallBack.get().map(|f| f as usize)
                == protocol.closed.map(|f| f as usize);
        same.then_some(protocol)
    }

    /// Bytes of the latest file that haven't been sent. If the connection has closed, they won't be.
    pub fn file_left(&self) -> u64 {
        file::left(self)
    }

    /// Calls the message callback again in the next iteration with the unread bytes.
    pub fn read_again(&self) {
        self.reading.redeliver();
        ready::give(self, Work::Read);
    }

    /// Whether others should get their turn, because callbacks have taken long in this iteration. `now` is the
    /// low bits of the coarse clock.
    pub fn has_had_its_time(&self, now: u32) -> bool {
        self.event_loop().is_spent_at(now)
    }

    /// A number that changes whenever the peer receives bytes. It includes the bytes in the kernel, because a slow
    /// reader may receive many of them before the kernel accepts more. Makes a system call.
    pub fn taken(&self) -> u32 {
        let kernel = sys_fd::on_its_way(self.number.get());
        kernel.wrapping_sub(self.output.readIndex.get() as u32).wrapping_sub(file::position(self))
    }

    /// Whether the connection was told to end after everything was sent.
    pub fn is_ending(&self) -> bool {
        self.after_sending.get() != AfterSending::GoOn
    }

    /// Whether reading is paused.
    pub fn is_paused(&self) -> bool {
        self.reading.is_paused()
    }

    /// Whether the peer has ended its side. If reading is paused, asks the kernel.
    pub fn peer_has_ended(&self) -> bool {
        self.peer.has_ended() || self.reading.is_paused() && sys_fd::has_hung_up(self.number.get())
    }

    /// Pauses reading. Returns whether it wasn't paused before.
    pub fn pause_reading(&self) -> bool {
        if self.reading.is_paused() {
            return false;
        }
        pause::pause(self);
        true
    }

    /// Sets whether a response is outstanding. While it is, the peer's end of stream doesn't close the connection. If
    /// the peer has already ended its side, the connection is closed when no response is outstanding any more.
    pub fn set_answering(&self, on: bool) {
        self.held_by.set(if on { HeldBy::Answer } else { HeldBy::Nothing });
        if !on && self.peer.has_ended() && shutdown::all_sent(self) {
            ready::close_in_iteration(self, CloseReason::InOrder);
        }
    }

    /// Whether a response is outstanding.
    pub fn is_answering(&self) -> bool {
        self.held_by.get() == HeldBy::Answer
    }

    /// Closes the connection in the iteration, discarding the queue.
    pub fn cut(&self, why: c_int) {
        ready::close_in_iteration(self, CloseReason::of_call(why))
    }

    /// A time limit seems to have passed: the connection is checked in this iteration or the next.
    pub fn judge_soon(&self) {
        overdue::begin(self)
    }
}
