//! The functions that programs and protocols send with: they check whether the bytes are accepted, and pass them on. On
//! the connection's own thread, bytes are written or queued (`write`), possibly in a batch (`batch`). On other threads,
//! they are copied and posted.

#![forbid(unsafe_code)]

use super::write::write_or_queue;
use super::write_side::Refused;
use super::{batch, file, queue, quota};
use crate::abi::types::{EVENT_WRITE, buffer};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{close_request, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::{Connection, Side, posted, registration};
use crate::sys::errno;
use crate::sys::fd::More;
use libc::c_int;

impl Remote {
    /// Sends. Returns the number of bytes that were written at once, or -1 with errno if nothing is sent.
    pub fn send_bytes(&self, bytes: &[u8]) -> isize {
        self.send_before(bytes, More::Nothing)
    }

    /// Sends and consumes the readable bytes of a buffer. With the connection's own output, sends the bytes that
    /// the program has added itself.
    pub fn send_buffer(&self, from: &buffer) -> c_int {
        if self.has_output(from) {
            return match self.here() {
                Some(conn) => send_own_output(conn),
                None if open::is_open(self) => errno::fail(libc::EPERM),
                None => errno::fail(libc::ENOTCONN),
            };
        }
        let sent = self.send_bytes(from.bytes());
        if sent >= 0 {
            from.readIndex.set(from.writeIndex.get());
        }
        sent as c_int
    }

    /// Sends as `send_bytes` does, with `more` to follow.
    pub fn send_before(&self, bytes: &[u8], more: More) -> isize {
        let Some(conn) = self.here() else {
            if self.intake.is_shut() || !open::is_open(self) {
                return errno::fail(refusal(self)) as isize;
            }
            return if bytes.is_empty() { 0 } else { post(self, bytes) };
        };
        conn.take_in();
        if conn.side.get() != Side::Open || !open::is_open(conn) {
            return errno::fail(refusal(conn)) as isize;
        }
        if bytes.is_empty() { 0 } else { send(conn, bytes, more) }
    }
}

impl Connection {
    /// Sends on the connection's own thread, possibly a little later, in one batch with responses of other
    /// connections. `now` is the time of the coarse clock.
    pub fn send_batched(&self, bytes: &[u8], now: u32) -> isize {
        self.take_in();
        if bytes.is_empty() || !open::is_open(self) || self.side.get() != Side::Open {
            return self.send_bytes(bytes);
        }
        batch::send(self, bytes, now)
    }

    /// Sends `len` bytes of a file, starting at `at`, after everything that was sent before. The connection owns
    /// the descriptor in any case. Only one file at a time. If the file turns out to be shorter, the connection
    /// is aborted. False if the connection accepts nothing any more, or if out of memory.
    pub fn send_file(&self, fd: c_int, at: i64, len: u64) -> bool {
        file::send(self, fd, at, len)
    }
}

/// Refuses a send that exceeds the limit. Closes the connection, because its peer doesn't read, unless the program
/// has requested that such sends are only refused.
fn refuse(conn: &Remote) -> isize {
    if !quota::refuses(conn)
        && close_request::close_from_anywhere(conn, CloseReason::OverLimit) == 0
    {
        log_err!("{} has too much unsent data: closed", conn.name());
    }
    errno::set(libc::ENOBUFS);
    -1
}

/// Why a connection whose sending side is shut refuses a send.
fn refusal(conn: &Remote) -> c_int {
    if open::is_open_here(conn) { libc::EPIPE } else { libc::ENOTCONN }
}

/// A send on another thread: copies the bytes and queues them for the loop.
fn post(conn: &Remote, bytes: &[u8]) -> isize {
    if !quota::has(conn, bytes.len()) {
        return refuse(conn);
    }
    // The memory is allocated first, because the loop may wait for accepted bytes before it shuts the sending
    // side.
    let Some(task) = posted::send(conn, bytes) else {
        return errno::fail(libc::ENOMEM) as isize;
    };
    if let Err(why) = quota::accept(conn, bytes.len()) {
        return match why {
            Refused::Full => refuse(conn),
            Refused::Shut => errno::fail(refusal(conn)) as isize,
        };
    }
    if !conn.event_loop().post(task) {
        // If its loop is gone, it is closing or has closed.
        quota::give_back(conn, bytes.len());
        return errno::fail(libc::ENOTCONN) as isize;
    }
    0
}

/// A send on the connection's own thread.
pub fn send(conn: &Connection, bytes: &[u8], more: More) -> isize {
    if !quota::has(conn, bytes.len()) {
        return refuse(conn);
    }
    if !quota::refuses(conn) {
        return write_or_queue(conn, bytes, more);
    }
    // The limit is exact, even if other threads send at the same time.
    if !quota::accept_own(conn, bytes.len()) {
        return refuse(conn);
    }
    quota::adopt(conn, bytes.len());
    let n = write_or_queue(conn, bytes, more);
    quota::recount(conn);
    n
}

/// Sends bytes that another thread has posted.
pub fn take_posted_bytes(conn: &Connection, bytes: &[u8]) {
    quota::adopt(conn, bytes.len());
    if open::is_open(conn) && conn.side.get() != Side::HalfClosed {
        write_or_queue(conn, bytes, More::Nothing);
    }
    quota::recount(conn);
    if open::is_open(conn) && (conn.side.get() == Side::Shutting || conn.peer.has_ended()) {
        shutdown::look(conn);
    }
}

/// `tcp_connection_send_buffer` with the connection's own output, to which the program has added bytes.
fn send_own_output(conn: &Connection) -> c_int {
    if !open::is_open(conn) {
        return errno::fail(libc::ENOTCONN);
    }
    batch::flush_of(conn);
    let before = conn.output.readable();
    if before == 0 {
        return 0;
    }
    if conn.channel.events.get() & EVENT_WRITE == 0 {
        timeouts::queued(conn);
    }
    if !queue::flush(conn) {
        let e = errno::get();
        ready::close_in_iteration(conn, CloseReason::of_call(e));
        return errno::fail(e);
    }
    let left = conn.output.readable();
    if left > 0 {
        registration::set_events(conn, conn.channel.events.get() | EVENT_WRITE);
    }
    (before - left) as c_int
}
