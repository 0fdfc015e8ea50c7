//! Collects the responses of one batch of requests, so that one send takes them all.

use super::encode::Sink;
use crate::abi::types::tcp_connection;
use crate::reactor::tcp_connection::send_bytes;

/// What is collected before it is sent.
pub(super) const ROOM: usize = 64 << 10;

pub(super) struct Output {
    conn: *mut tcp_connection,
    room: *mut u8,
    len: usize,
    /// The connection takes nothing any more; what else comes is dropped.
    failed: bool,
}

impl Output {
    /// # Safety
    /// `conn` is a live connection on its own thread, and `room` has `ROOM` bytes for nobody else.
    pub(super) unsafe fn new(conn: *mut tcp_connection, room: *mut u8) -> Output {
        Output { conn, room, len: 0, failed: false }
    }

    /// Sends what is there. False when the connection took it, or an earlier part, no more.
    pub(super) fn flush(&mut self) -> bool {
        if self.len > 0 {
            let len = self.len;
            self.len = 0;
            self.send(self.room, len);
        }
        !self.failed
    }

    fn send(&mut self, bytes: *const u8, len: usize) {
        // SAFETY: see `new`; len bytes are there. Sending calls nothing of the program.
        self.failed |= !self.failed && unsafe { send_bytes(self.conn, bytes, len) } < 0;
    }

    #[cold]
    fn put_large(&mut self, mut bytes: &[u8]) {
        while bytes.len() > ROOM - self.len {
            if self.len == 0 {
                self.send(bytes.as_ptr(), bytes.len());
                return;
            }
            let (head, rest) = bytes.split_at(ROOM - self.len);
            self.put(head);
            self.flush();
            bytes = rest;
        }
        self.put(bytes);
    }
}

impl Sink for Output {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > ROOM - self.len {
            return self.put_large(bytes);
        }
        // SAFETY: the room behind len has space for the bytes, and none of them lies in it.
        unsafe {
            let at = self.room.add(self.len);
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.len += bytes.len();
    }
}
