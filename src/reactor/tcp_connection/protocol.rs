//! The functions of connections for protocols, in addition to those for programs.

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
    /// The library made it, and its memory is kept for all of `'a`, by the iteration or by a reference.
    pub unsafe fn from_c<'a>(conn: *mut tcp_connection) -> &'a Connection {
        // SAFETY: the public struct is the first field of every connection of the library.
        unsafe { &*conn.cast::<Connection>() }
    }

    /// The pointer for C.
    pub fn as_c(&self) -> *mut tcp_connection {
        self.raw().cast()
    }

    pub fn raw(&self) -> *mut Connection {
        ptr::from_ref(self).cast_mut()
    }

    /// The protocol of the connection's server, as long as the connection has all its callbacks, so that no code
    /// of the program uses it directly.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        let protocol = self.maker()?.protocol()?;
        // The same values that were copied from the table: the address of each function is taken only once.
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

    /// Sends `len` bytes of a file, starting at `at`, after everything that was sent before. The connection owns
    /// the descriptor in any case. Only one file at a time. If the file turns out to be shorter, the connection
    /// is aborted. False if the connection accepts nothing any more, or memory is out.
    pub fn send_file(&self, fd: c_int, at: i64, len: u64) -> bool {
        file::send(self, fd, at, len)
    }

    /// Calls the message callback again in the next iteration with the bytes that are left unread.
    pub fn read_again(&self) {
        self.redeliver.set(true);
        ready::give(self, Work::Read);
    }

    /// Whether others should get their turn, because callbacks have taken long in this iteration. `now` is the
    /// low bits of the coarse clock.
    pub fn has_had_its_time(&self, now: u32) -> bool {
        self.event_loop().is_spent_at(now)
    }

    /// A number that changes whenever the peer receives bytes, of the queue or of what the kernel holds: a slow
    /// reader may receive a lot before the kernel accepts more. Makes a system call.
    pub fn taken(&self) -> u32 {
        let kernel = sys_fd::on_its_way(self.number.get());
        kernel.wrapping_sub(self.output.readIndex.get() as u32).wrapping_sub(file::position(self))
    }

    /// Whether the connection only waits for its end.
    pub fn is_ending(&self) -> bool {
        self.after_sending.get() != AfterSending::GoOn
    }

    /// Whether reading is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// Whether the peer has ended its side. If reading is paused, asks the kernel.
    pub fn peer_has_ended(&self) -> bool {
        self.ended.get() || self.paused.get() && sys_fd::has_hung_up(self.number.get())
    }

    /// Pauses reading. Returns whether it wasn't paused before.
    pub fn pause_reading(&self) -> bool {
        if self.paused.get() {
            return false;
        }
        pause::pause(self);
        true
    }

    /// Resumes reading, beginning with the bytes that were left unread.
    pub fn resume_reading(&self) {
        pause::resume(self)
    }

    /// Sets whether a response is outstanding. While it is, the peer's end of stream doesn't close the
    /// connection; when it isn't any more, it does.
    pub fn set_answering(&self, on: bool) {
        self.answering.set(on);
        if !on && self.ended.get() && shutdown::all_sent(self) {
            ready::close_in_iteration(self, CloseReason::InOrder);
        }
    }

    /// Whether a response is outstanding.
    pub fn is_answering(&self) -> bool {
        self.answering.get()
    }

    /// Closes the connection in the iteration, discarding the queue.
    pub fn cut(&self, why: c_int) {
        ready::close_in_iteration(self, CloseReason::of_call(why))
    }

    /// Sends from the connection's own thread, possibly a little later, in a batch with sends of other
    /// connections. `now` is the coarse clock.
    pub fn send_together(&self, bytes: &[u8], now: u32) -> isize {
        self.take_in();
        if bytes.is_empty() || !open::is_open(self) || self.side.get() != Side::Open {
            return self.send_bytes(bytes);
        }
        batch::send(self, bytes, now)
    }

    /// Ends the connection after its queue was sent: there are no more message callbacks, and input is read and
    /// dropped, even if reading was paused. With `linger` it half-closes and waits a while for the peer's end.
    /// Otherwise bytes that are still arriving could make the kernel discard what was sent.
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

    /// A time limit seems to have passed: the connection is judged in this iteration or the next.
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
