//! Collects the responses of one batch of requests, so that one send takes them all.

use crate::abi::types::tcp_connection;
use crate::http::message::body_file::BodyFile;
use crate::http::wire::encode::Sink;
use crate::reactor::tcp_connection::{Connection, send_before, send_together};
use crate::sys::fd::More;
use crate::sys::file as sys_file;

/// What is collected before it is sent.
pub const ROOM: usize = 64 << 10;

/// Up to here reading a file costs less than a call of sendfile(2) of its own.
const SMALL_FILE: usize = 60 << 10;

pub struct Output {
    conn: *mut tcp_connection,
    room: *mut u8,
    len: usize,
    /// Bytes of files so far.
    pub files: u64,
    /// The connection takes nothing any more; what else comes is dropped.
    failed: bool,
}

impl Output {
    /// # Safety
    /// `conn` is a live connection on its own thread, and `room` has `ROOM` bytes for nobody else.
    pub unsafe fn new(conn: *mut tcp_connection, room: *mut u8) -> Output {
        Output { conn, room, len: 0, files: 0, failed: false }
    }

    /// Whether something that was put isn't sent.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Sends what is there. False when the connection took it, or an earlier part, no more.
    pub fn flush(&mut self) -> bool {
        self.flush_before(More::Nothing)
    }

    /// As `flush`, but perhaps a little later, together with what other connections answer. `now` is the
    /// coarse clock's.
    pub fn flush_together(&mut self, now: u32) -> bool {
        if self.len > 0 {
            let len = std::mem::take(&mut self.len);
            // SAFETY: as in `send`: nothing goes behind what is missing.
            self.failed |=
                !self.failed && unsafe { send_together(self.conn, self.room, len, now) } < 0;
        }
        !self.failed
    }

    /// As `flush`, with `more` to come at once.
    pub fn flush_before(&mut self, more: More) -> bool {
        if self.len > 0 {
            let len = self.len;
            self.len = 0;
            self.send(self.room, len, more);
        }
        !self.failed
    }

    fn send(&mut self, bytes: *const u8, len: usize, more: More) {
        // SAFETY: see `new`; len bytes are there. Sending calls nothing of the program.
        self.failed |= !self.failed && unsafe { send_before(self.conn, bytes, len, more) } < 0;
    }

    /// Puts a small file, or hands a larger one to the connection, behind all that was put before.
    pub fn put_file(&mut self, file: BodyFile) {
        self.files = self.files.saturating_add(file.length);
        if file.length > SMALL_FILE as u64 {
            if self.flush_before(More::AtOnce) {
                let (at, length) = (file.at, file.length);
                // SAFETY: see `new`; the descriptor is the file's own, and given up.
                let sent =
                    unsafe { Connection::from_c(self.conn).send_file(file.into_fd(), at, length) };
                self.failed |= !sent;
            }
            return;
        }
        let length = file.length as usize;
        if ROOM - self.len < length {
            self.flush();
        }
        // SAFETY: the room behind len has space for so many bytes.
        let n = unsafe { sys_file::read_at(file.fd, self.room.add(self.len), length, file.at) };
        if n != length as isize {
            log_err!("http response: a file is shorter than it was, or can't be read");
            self.flush();
            self.failed = true;
            return;
        }
        self.len += length;
    }

    #[cold]
    fn put_large(&mut self, mut bytes: &[u8]) {
        while bytes.len() > ROOM - self.len {
            if self.len == 0 {
                self.send(bytes.as_ptr(), bytes.len(), More::Nothing);
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
