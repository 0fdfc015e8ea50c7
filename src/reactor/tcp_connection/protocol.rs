//! What a protocol on top of connections asks of them, beside the functions that programs have.

use super::input::pause;
use super::lifecycle::{open, overdue, ready, shutdown};
use super::output::{batch, file, write};
use super::{AfterSending, Connection, Side, Work};
use crate::abi::types::{buffer, tcp_connection};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::sys::errno;
use crate::sys::fd::{self as sys_fd, More};
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

    /// Bytes that were sent and that the kernel hasn't taken yet; any thread.
    pub fn unsent(&self) -> usize {
        self.shared.intake.waiting() as usize
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
        self.reading.redeliver();
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

    /// Whether closing has begun, for whatever reason: nothing is sent any more.
    pub fn is_closing(&self) -> bool {
        !open::is_open(self)
    }

    /// Whether the connection only waits for its end.
    pub fn is_ending(&self) -> bool {
        self.after_sending.get() != AfterSending::GoOn
    }

    /// Whether this is the connection's thread.
    pub fn is_own_thread(&self) -> bool {
        self.event_loop().on_owner()
    }

    /// Whether reading is stopped.
    pub fn is_paused(&self) -> bool {
        self.reading.is_paused()
    }

    /// Whether the peer has ended its side. Where reading is stopped, the kernel is asked.
    pub fn peer_has_ended(&self) -> bool {
        self.peer.has_ended() || self.reading.is_paused() && sys_fd::has_hung_up(self.number.get())
    }

    /// Stops reading; whether it wasn't stopped before.
    pub fn pause_reading(&self) -> bool {
        if self.reading.is_paused() {
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
        if !on && self.peer.has_ended() && shutdown::all_sent(self) {
            ready::close_in_pass(self, CloseReason::InOrder);
        }
    }

    /// Whether an answer is said to be outstanding.
    pub fn is_answering(&self) -> bool {
        self.answering.get()
    }

    /// Says what a peer still has to get that goes by the end of the stream: where that isn't sent, the connection
    /// ends with a reset. False when memory is out.
    pub fn set_tail(&self, tail: Tail) -> bool {
        let _own = self;
        shutdown::set_tail(self, tail)
    }

    /// Closes the connection in the iteration, whatever is queued.
    pub fn cut(&self, why: c_int) {
        ready::close_in_pass(self, CloseReason::of_call(why))
    }

    /// False once the closed callback is due.
    pub fn is_open(&self) -> bool {
        !self.shared.life.is_closed()
    }

    /// Sends from any thread: what was written at once, or -1 with errno and nothing sent.
    pub fn send_bytes(&self, bytes: &[u8]) -> isize {
        self.send_before(bytes, More::Nothing)
    }

    /// Sends what is readable in a buffer, and takes it from there. Of the connection's own output it sends what the
    /// program put there itself.
    pub fn send_buffer(&self, from: &buffer) -> c_int {
        if ptr::eq(from, &self.output) {
            return write::send_own_output(self);
        }
        let sent = self.send_bytes(from.bytes());
        if sent >= 0 {
            from.readIndex.set(from.writeIndex.get());
        }
        sent as c_int
    }

    /// Sends as `send_bytes` does, with `more` to come.
    pub fn send_before(&self, bytes: &[u8], more: More) -> isize {
        let here = self.event_loop().on_owner();
        if here {
            self.take_in();
        }
        let shut = if here { self.side.get() != Side::Open } else { self.shared.intake.is_shut() };
        if shut || !open::is_open(self) {
            return errno::fail(write::refusal(self)) as isize;
        }
        match (bytes, here) {
            ([], _) => 0,
            (_, true) => write::send(self, bytes, more),
            (_, false) => write::post(self, bytes),
        }
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

    /// The connection's loop.
    pub fn event_loop(&self) -> &Loop {
        // SAFETY: the connection's reference keeps the loop's memory.
        unsafe { Loop::from_c(self.public.eventLoop.get()) }
    }
}
