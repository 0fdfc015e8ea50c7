//! What a protocol on top of connections needs, beside the functions that programs have.

use super::{AfterSending, Connection, Work, of};
use crate::abi::types::tcp_connection;
use crate::reactor::event_loop::budget;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::tcp_connection::input::pause;
pub use crate::reactor::tcp_connection::lifecycle::shutdown::Tail;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown};
use crate::reactor::tcp_connection::output::{file, queue};
use crate::sys::fd as sys_fd;
use libc::c_int;

/// Keeps the connection's memory. False when it is kept too often.
///
/// # Safety
/// A connection that is live or retained.
pub unsafe fn retain(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { (*of(conn)).refs.retain() }
}

/// Gives a reference of `retain` back.
///
/// # Safety
/// The reference is the caller's.
pub unsafe fn release(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe { close::release(of(conn)) };
}

/// Bytes that were sent and that the kernel hasn't taken yet; any thread.
///
/// # Safety
/// A connection that is live or retained.
pub unsafe fn unsent(conn: *mut tcp_connection) -> usize {
    // SAFETY: as said.
    unsafe { (*of(conn)).intake.waiting() as usize }
}

/// Whether bytes or a file stand in the queue.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn is_sending(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { !queue::is_empty(of(conn)) }
}

/// Bytes of the latest file that haven't been sent, and won't be where the connection has closed.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn file_left(conn: *mut tcp_connection) -> u64 {
    // SAFETY: as said.
    unsafe { file::left(of(conn)) }
}

/// Sends `len` bytes of a file, from `at` on, behind all that was sent before. The descriptor is the
/// connection's from now on, whatever comes of it; one file at a time. Where the file ends before, the
/// connection is cut. False when the connection takes nothing any more, or memory is out.
///
/// # Safety
/// A live connection on its thread; `fd` is an open descriptor that nobody else uses; `len` isn't 0.
pub unsafe fn send_file(conn: *mut tcp_connection, fd: c_int, at: i64, len: u64) -> bool {
    // SAFETY: as said.
    unsafe { file::send(of(conn), fd, at, len) }
}

/// Has the message callback called again, in the next pass, with what it leaves unread now.
///
/// # Safety
/// A live connection on its thread, in its message callback.
pub unsafe fn read_again(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        (*own).owes_message.set(true);
        ready::give(own, Work::Read);
    }
}

/// Whether others are due: callbacks have taken long in this pass, as of `now`, the low bits of the coarse clock.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn has_had_its_time(conn: *mut tcp_connection, now: u32) -> bool {
    // SAFETY: as said.
    unsafe { budget::is_spent_at((*conn).eventLoop.get(), now) }
}

/// A number that changes whenever the peer takes something, of the queue or of what the kernel holds:
/// of that a slow reader takes a lot before the kernel asks for more. Costs a system call.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn taken(conn: *mut tcp_connection) -> u32 {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        let kernel = sys_fd::on_its_way((*own).number.get());
        kernel.wrapping_sub((*own).output.readIndex.get() as u32).wrapping_sub(file::position(own))
    }
}

/// Whether closing has begun, for whatever reason: nothing is sent any more.
///
/// # Safety
/// A connection that is live or retained.
pub unsafe fn is_closing(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { !open::is_open(of(conn)) }
}

/// Whether the connection only waits for its end.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn is_ending(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { (*of(conn)).after_sending.get() != AfterSending::GoOn }
}

/// Whether this is the connection's thread.
///
/// # Safety
/// A connection that is live or retained.
pub unsafe fn is_own_thread(conn: *mut tcp_connection) -> bool {
    // SAFETY: its reference keeps the loop's memory.
    unsafe { on_owner((*conn).eventLoop.get()) }
}

/// Whether reading is stopped.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn is_paused(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { (*of(conn)).paused.get() }
}

/// Whether the peer has ended its side. Where reading is stopped, the kernel is asked.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn peer_has_ended(conn: *mut tcp_connection) -> bool {
    // SAFETY: the number is the connection's until it closes.
    unsafe {
        let own = of(conn);
        (*own).ended.get() || (*own).paused.get() && sys_fd::has_hung_up((*own).number.get())
    }
}

/// Stops reading; whether it wasn't stopped before.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn pause_reading(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        if (*own).paused.get() {
            return false;
        }
        pause::pause(own);
        true
    }
}

/// Goes on reading, beginning with what was left unread.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn resume_reading(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe { pause::resume(of(conn)) }
}

/// Says whether an answer is outstanding: then the peer's end of stream doesn't close the connection
/// yet. With the last answer given it does.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn set_answering(conn: *mut tcp_connection, on: bool) {
    // SAFETY: as said.
    unsafe {
        let own: *mut Connection = of(conn);
        (*own).answering.set(on);
        if !on && (*own).ended.get() && shutdown::all_sent(own) {
            ready::close_in_pass(own, 0);
        }
    }
}

/// Whether an answer is said to be outstanding.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn is_answering(conn: *mut tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { (*of(conn)).answering.get() }
}

/// Says what a peer still has to get that goes by the end of the stream: where that isn't sent, the connection
/// ends with a reset. False when memory is out.
///
/// # Safety
/// A connection that is live or retained, on any thread.
pub unsafe fn set_tail(conn: *mut tcp_connection, tail: Tail) -> bool {
    // SAFETY: the caller keeps the connection.
    unsafe { shutdown::set_tail(of(conn), tail) }
}

/// Closes the connection in the pass, whatever is queued.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn cut(conn: *mut tcp_connection, why: c_int) {
    // SAFETY: as said.
    unsafe { ready::close_in_pass(of(conn), why) }
}
