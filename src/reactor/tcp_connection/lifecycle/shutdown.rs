//! The last that is sent: a half-close, and the end of the connection after it. If what was sent isn't whole,
//! and the peer would take the end of the stream for its end, the peer gets a reset instead.

use super::{open, ready, timeouts};
use crate::reactor::tcp_connection::input::pause;
use crate::reactor::tcp_connection::output::{batch, queue, quota};
use crate::reactor::tcp_connection::{AfterSending, Connection, Side, cold_state};
use crate::sys::errno;
use libc::c_int;
use std::sync::atomic::Ordering::Relaxed;

/// What a peer that goes by the end of the stream still has to get.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tail {
    /// Nothing, or it can tell without the end of the stream.
    None,
    /// What is queued.
    Queued,
    /// More than was sent so far.
    Unsent,
}

/// Notes what is still to come. False when memory is out.
///
/// # Safety
/// A connection that wasn't freed yet, on any thread.
pub unsafe fn set_tail(conn: *mut Connection, tail: Tail) -> bool {
    // SAFETY: the caller keeps the connection, and with it its extras, of which an atomic field is written.
    unsafe {
        let x = cold_state::make(conn);
        if !x.is_null() {
            (*x).tail.store(tail as u8, Relaxed);
        }
        !x.is_null()
    }
}

/// Whether the end of the stream would pass for the end of something that isn't whole.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn is_torn(conn: *mut Connection) -> bool {
    // SAFETY: the queue is the thread's until the connection is reaped, the extras stay until it is freed.
    unsafe {
        let x = cold_state::get(conn);
        if x.is_null() {
            return false;
        }
        let tail = (*x).tail.load(Relaxed);
        tail == Tail::Unsent as u8 || tail == Tail::Queued as u8 && !queue::is_empty(conn)
    }
}

/// Whether all that was accepted has gone to the kernel. What waits in the loop's group is sent for that.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn all_sent(conn: *mut Connection) -> bool {
    // SAFETY: as said.
    unsafe {
        batch::flush_of(conn);
        quota::all_sent(conn)
    }
}

/// Does what waited until all that was accepted is sent, if that is so by now.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn look(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if !all_sent(conn) {
            return;
        }
        if (*conn).ended.get() && !(*conn).answering.get() {
            return ready::close_in_pass(conn, 0);
        }
        if (*conn).after_sending.get() != AfterSending::GoOn {
            return ready::schedule(conn);
        }
        if (*conn).side.get() == Side::Shutting {
            half_close(conn);
        }
    }
}

/// Sends the end of the stream, once.
///
/// # Safety
/// A live connection on its thread that has sent all.
pub unsafe fn half_close(conn: *mut Connection) {
    // SAFETY: a live connection.
    unsafe {
        if !(*conn).side.get().half_close() {
            return;
        }
        if is_torn(conn) {
            return ready::close_in_pass(conn, libc::ECANCELED);
        }
        let fd = (*conn).channel.fd.get();
        if libc::shutdown(fd, libc::SHUT_WR) < 0 {
            let e = errno::get();
            log_msg!("tcp_connection_shutdown failed, socket == {}", fd);
            if e == libc::EBADF {
                ready::close_in_pass(conn, e);
            }
        }
    }
}

/// A shutdown that was asked for earlier, on whatever thread.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn take_posted_shutdown(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        (*conn).side.get().shut();
        if open::is_open(conn) {
            look(conn);
        }
    }
}

/// The end that another thread asked for.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn take_posted_end(conn: *mut Connection, time: i64) {
    // SAFETY: as said.
    unsafe {
        if end_at(conn, time) < 0 && errno::get() == libc::ENOMEM {
            ready::close_in_pass(conn, libc::ENOMEM);
        }
    }
}

/// Has the connection close after its queue is sent, or at `time`. 0, or -1 with errno.
///
/// # Safety
/// As `take_posted_end`.
pub unsafe fn end_at(conn: *mut Connection, time: i64) -> c_int {
    // SAFETY: as said.
    unsafe {
        if !open::is_open(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        let x = cold_state::make(conn);
        if x.is_null() || !timeouts::cut_at(conn, x, time) {
            return errno::fail(libc::ENOMEM);
        }
        (*conn).intake.shut();
        (*conn).side.get().shut();
        if open::is_announced(conn) {
            begin_end(conn);
        }
        0
    }
}

/// What comes after the last send: what arrives is dropped, until the peer has ended too.
///
/// # Safety
/// A connection that has come to its loop, on that thread.
pub unsafe fn begin_end(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        pause::resume(conn);
        (*conn).after_sending.set(AfterSending::Linger);
        ready::schedule(conn);
    }
}
