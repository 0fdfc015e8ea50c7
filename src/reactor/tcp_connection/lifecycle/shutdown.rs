//! The end of sending: a half-close, and the end of the connection after it. If what was sent is incomplete, and the
//! peer relies on the end of the stream to see where it ends, the peer gets a reset instead.

#![forbid(unsafe_code)]

use super::{open, ready, timeouts};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::pause;
use crate::reactor::tcp_connection::output::{batch, queue, quota};
use crate::reactor::tcp_connection::posted;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::{AfterSending, Connection, Side};
use crate::sys::{errno, fd as sys_fd};
use libc::c_int;
use std::sync::atomic::Ordering::Relaxed;

use crate::reactor::tcp_connection::cold_state::Tail;

/// Records what is still to be sent. False if out of memory.
pub fn set_tail(conn: &Remote, tail: Tail) -> bool {
    let cold = conn.make_shared_cold();
    if let Some(cold) = cold {
        cold.tail.store(tail as u8, Relaxed);
    }
    cold.is_some()
}

/// Whether the peer would take the end of the stream for the end of something that is incomplete.
pub fn is_torn(conn: &Connection) -> bool {
    let Some(cold) = conn.cold() else {
        return false;
    };
    let tail = cold.shared.tail.load(Relaxed);
    tail == Tail::Unsent as u8 || tail == Tail::Queued as u8 && !queue::is_empty(conn)
}

/// Whether everything that was accepted has been passed to the kernel. Sends a waiting batch first.
pub fn all_sent(conn: &Connection) -> bool {
    batch::flush_of(conn);
    quota::none_waits(conn)
}

/// If everything was sent, does what had to wait for that.
pub fn look(conn: &Connection) {
    if !all_sent(conn) {
        return;
    }
    if conn.peer.has_ended() && !conn.outlasts_peer() {
        return ready::close_in_iteration(conn, CloseReason::InOrder);
    }
    if conn.after_sending.get() != AfterSending::GoOn {
        return ready::schedule(conn);
    }
    if conn.side.get() == Side::Shutting {
        half_close(conn);
    }
}

/// Sends the end of the stream, once.
pub fn half_close(conn: &Connection) {
    if !Side::half_close(&conn.side) {
        return;
    }
    if is_torn(conn) {
        return ready::close_in_iteration(conn, CloseReason::Canceled);
    }
    let fd = conn.channel.fd.get();
    if sys_fd::shut_writing(fd) < 0 {
        let e = errno::get();
        log_msg!("tcp_connection_shutdown failed, socket == {}", fd);
        if e == libc::EBADF {
            ready::close_in_iteration(conn, CloseReason::of_call(e));
        }
    }
}

/// Ends sending, on any thread. The end of the stream follows what was accepted before.
pub fn shut(conn: &Remote) {
    if !open::is_open_here(conn) {
        return;
    }
    if let Some(conn) = conn.here() {
        conn.intake.shut();
        conn.take_in();
        return take_posted_shutdown(conn);
    }
    if conn.intake.is_shut() {
        return;
    }
    let Some(task) = posted::shutdown(conn) else {
        log_err!("tcp_connection_shutdown: no memory");
        return;
    };
    if conn.intake.shut() {
        conn.event_loop().post(task);
    }
}

/// Runs a shutdown that was requested earlier, on any thread.
pub fn take_posted_shutdown(conn: &Connection) {
    Side::shut(&conn.side);
    if open::is_open(conn) {
        look(conn);
    }
}

/// Runs the close after sending that another thread requested.
pub fn take_posted_end(conn: &Connection, time: i64) {
    if end_at(conn, time) < 0 && errno::get() == libc::ENOMEM {
        ready::close_in_iteration(conn, CloseReason::NoMemory);
    }
}

/// Closes the connection after its queue was sent, or at `time`. 0, or -1 with errno.
pub fn end_at(conn: &Connection, time: i64) -> c_int {
    if !open::is_open(conn) {
        return errno::fail(libc::ENOTCONN);
    }
    if !conn.make_cold().is_some_and(|cold| timeouts::cut_at(conn, cold, time)) {
        return errno::fail(libc::ENOMEM);
    }
    conn.shared.intake.shut();
    Side::shut(&conn.side);
    if open::is_announced(conn) {
        begin_end(conn);
    }
    0
}

/// Begins the phase after the last send: bytes that arrive are dropped until the peer has ended its side.
pub fn begin_end(conn: &Connection) {
    pause::resume(conn);
    conn.after_sending.set(AfterSending::Linger);
    ready::schedule(conn);
}

impl Connection {
    /// Ends the connection after its queue was sent: there are no more message callbacks, and input is read and
    /// dropped, even if reading was paused. With `linger`, the connection half-closes and waits a while for the peer's
    /// end. Without that, bytes that are still arriving could make the kernel discard what was sent.
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
}
