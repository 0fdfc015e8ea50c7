//! Collects the responses of one batch of requests, so that one send takes them all.

use core::ptr::null_mut;

use crate::abi::types::tcp_connection;
use crate::http::message::body_file::BodyFile;
use crate::http::wire::encode::Sink;
use crate::reactor::tcp_connection::{protocol, send_before, send_together};
use crate::sys::fd::More;
use crate::sys::{file as sys_file, pool};

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
                let sent = unsafe { protocol::send_file(self.conn, file.into_fd(), at, length) };
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

/// Collects bytes in memory of its own, on whatever thread.
pub struct Collected {
    block: *mut u8,
    size: usize,
    len: usize,
    failed: bool,
}

impl Collected {
    pub fn new() -> Collected {
        Collected { block: null_mut(), size: 0, len: 0, failed: false }
    }

    /// What was collected; None when memory was out.
    pub fn bytes(&self) -> Option<&[u8]> {
        if self.failed {
            return None;
        }
        if self.block.is_null() {
            return Some(b"");
        }
        // SAFETY: the first `len` bytes of the block were written.
        Some(unsafe { core::slice::from_raw_parts(self.block, self.len) })
    }

    pub fn add(&mut self, bytes: &[u8]) {
        let needed = self.len.saturating_add(bytes.len());
        if needed > self.size {
            let size = needed.max(self.size.saturating_mul(2)).max(2048);
            let block = pool::alloc(size);
            if block.is_null() {
                self.failed = true;
                return;
            }
            // SAFETY: the new block has room for what is in the old one.
            unsafe {
                if !self.block.is_null() {
                    block.copy_from_nonoverlapping(self.block, self.len);
                    pool::free(self.block, self.size);
                }
            }
            (self.block, self.size) = (block, size);
        }
        // SAFETY: there is room behind `len`, in memory that nobody else has.
        unsafe { self.block.add(self.len).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.len = needed;
    }
}

impl Sink for Collected {
    fn put(&mut self, bytes: &[u8]) {
        if !self.failed {
            self.add(bytes);
        }
    }
}

impl Drop for Collected {
    fn drop(&mut self) {
        if !self.block.is_null() {
            // SAFETY: the block is this object's own.
            unsafe { pool::free(self.block, self.size) };
        }
    }
}
