//! What a protocol on top of connections asks of them, beside the functions that programs have.

use super::input::pause;
use super::lifecycle::{open, overdue, ready, shutdown};
use super::output::{batch, file};
use super::{AfterSending, Connection, Side, Work};
use crate::abi::types::tcp_connection;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::sys::fd as sys_fd;
use libc::c_int;
use std::ptr::{self};

pub use super::cold_state::Tail;
pub use super::owner::Protocol;

impl Connection {
    /// The connection behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`: by the iteration, or by a reference.
    pub unsafe fn from_c<'a>(conn: *mut tcp_connection) -> &'a Connection {
        // SAFETY: the public struct is the first field of every connection of the library.
        unsafe { &*conn.cast::<Connection>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut tcp_connection {
        self.raw().cast()
    }

    pub fn raw(&self) -> *mut Connection {
        ptr::from_ref(self).cast_mut()
    }

    /// The protocol of the connection's server, as long as all its callbacks are the connection's: then no code of
    /// the program has the connection.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        let protocol = self.maker()?.protocol()?;
        // The same values that were copied from the table: no function has its address taken twice.
        let same = self.public.messageCallBack.get().map(|f| f as usize)
            == protocol.message.map(|f| f as usize)
            && self.public.connectionClosedCallBack.get().map(|f| f as usize)
                == protocol.closed.map(|f| f as usize);
        same.then_some(protocol)
    }

    /// Bytes of the latest file that haven't been sent, and won't be where the connection has closed.
    pub fn file_left(&self) -> u64 {
        file::left(self)
    }

    /// Sends `len` bytes of a file, from `at` on, behind all that was sent before. The descriptor is the
    /// connection's from now on, whatever comes of it; one file at a time. Where the file ends before, the
    /// connection is cut. False when the connection takes nothing any more, or memory is out.
    pub fn send_file(&self, fd: c_int, at: i64, len: u64) -> bool {
        file::send(self, fd, at, len)
    }

    /// Has the message callback called again, in the next iteration, with what it leaves unread now.
    pub fn read_again(&self) {
        self.redeliver.set(true);
        ready::give(self, Work::Read);
    }

    /// Whether others are due: callbacks have taken long in this iteration, as of `now`, the low bits of the coarse clock.
    pub fn has_had_its_time(&self, now: u32) -> bool {
        self.event_loop().is_spent_at(now)
    }

    /// A number that changes whenever the peer takes something, of the queue or of what the kernel holds:
    /// of that a slow reader takes a lot before the kernel asks for more. Costs a system call.
    pub fn taken(&self) -> u32 {
        let kernel = sys_fd::on_its_way(self.number.get());
        kernel.wrapping_sub(self.output.readIndex.get() as u32).wrapping_sub(file::position(self))
    }

    /// Whether the connection only waits for its end.
    pub fn is_ending(&self) -> bool {
        self.after_sending.get() != AfterSending::GoOn
    }

    /// Whether reading is stopped.
    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// Whether the peer has ended its side. Where reading is stopped, the kernel is asked.
    pub fn peer_has_ended(&self) -> bool {
        self.ended.get() || self.paused.get() && sys_fd::has_hung_up(self.number.get())
    }

    /// Stops reading; whether it wasn't stopped before.
    pub fn pause_reading(&self) -> bool {
        if self.paused.get() {
            return false;
        }
        pause::pause(self);
        true
    }

    /// Goes on reading, beginning with what was left unread.
    pub fn resume_reading(&self) {
        pause::resume(self)
    }

    /// Says whether an answer is outstanding: then the peer's end of stream doesn't close the connection
    /// yet. With the last answer given it does.
    pub fn set_answering(&self, on: bool) {
        self.answering.set(on);
        if !on && self.ended.get() && shutdown::all_sent(self) {
            ready::close_in_pass(self, CloseReason::InOrder);
        }
    }

    /// Whether an answer is said to be outstanding.
    pub fn is_answering(&self) -> bool {
        self.answering.get()
    }

    /// Closes the connection in the iteration, whatever is queued.
    pub fn cut(&self, why: c_int) {
        ready::close_in_pass(self, CloseReason::of_call(why))
    }

    /// Sends from the connection's own thread, perhaps a little later, together with what other connections send.
    /// `now` is the coarse clock's.
    pub fn send_together(&self, bytes: &[u8], now: u32) -> isize {
        self.take_in();
        if bytes.is_empty() || !open::is_open(self) || self.side.get() != Side::Open {
            return self.send_bytes(bytes);
        }
        batch::send(self, bytes, now)
    }

    /// Ends the connection once its queue is sent: no more message callbacks, input is read and dropped, also where
    /// reading was stopped. With `linger` it half-closes and waits a while for the peer's end, so that bytes which
    /// are still arriving don't make the kernel throw away what was sent.
    pub fn close_after_send(&self, linger: bool) {
        if !open::is_open(self) || self.after_sending.get() != AfterSending::GoOn {
            return;
        }
        self.shared.intake.shut();
        self.take_in();
        Side::shut(&self.side);
        self.after_sending.set(if linger { AfterSending::Linger } else { AfterSending::Close });
        pause::resume(self);
        ready::schedule(self);
    }

    /// A limit of time seems to be over: the connection is judged in this iteration, or the next.
    pub fn judge_soon(&self) {
        overdue::begin(self)
    }

    /// The connection's loop, on its thread.
    pub fn event_loop(&self) -> &Loop {
        debug_assert!(self.is_own_thread());
        // SAFETY: the connection's reference keeps the loop's memory.
        unsafe { Loop::from_c(self.public.eventLoop.get()) }
    }
}
