//! Sending on any thread: the connection's own thread writes, others post.

#![forbid(unsafe_code)]

use super::write;
use crate::abi::types::buffer;
use crate::reactor::tcp_connection::Side;
use crate::reactor::tcp_connection::lifecycle::open;
use crate::reactor::tcp_connection::remote::Remote;
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
                Some(conn) => write::send_own_output(conn),
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
                return errno::fail(write::refusal(self)) as isize;
            }
            return if bytes.is_empty() { 0 } else { write::post(self, bytes) };
        };
        conn.take_in();
        if conn.side.get() != Side::Open || !open::is_open(conn) {
            return errno::fail(write::refusal(conn)) as isize;
        }
        if bytes.is_empty() { 0 } else { write::send(conn, bytes, more) }
    }
}
