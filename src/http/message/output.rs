//! Collects the responses of one batch of requests, so that they are sent with one system call.

use core::cell::Cell;
use core::ptr::NonNull;
use core::slice;

use crate::http::message::body_file::BodyFile;
use crate::http::wire::encode::Sink;
use crate::reactor::tcp_connection::Connection;
use crate::sys::fd::More;
use crate::sys::file as sys_file;

/// The number of bytes that are collected before they are sent.
pub const ROOM: usize = 64 << 10;

/// Reading a file of at most this size costs less than a separate sendfile(2) call.
const SMALL_FILE: usize = 60 << 10;

/// A callback that defers its response flushes the output while the exchange is using it, so the fields are
/// cells.
pub struct Output<'a> {
    conn: &'a Connection,
    room: NonNull<u8>,
    len: Cell<usize>,
    files: Cell<u64>,
    /// The connection doesn't accept more: all further output is dropped.
    failed: Cell<bool>,
}

impl<'a> Output<'a> {
    /// # Safety
    /// `room` has `ROOM` bytes, which nothing else uses while the output exists.
    pub unsafe fn new(conn: &'a Connection, room: NonNull<u8>) -> Output<'a> {
        let (len, files, failed) = (Cell::new(0), Cell::new(0), Cell::new(false));
        Output { conn, room, len, files, failed }
    }

    /// Whether some of the output won't be sent.
    pub fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// The number of bytes of files so far.
    pub fn files(&self) -> u64 {
        self.files.get()
    }

    /// Sends the collected bytes. False if the connection refused them or an earlier part.
    pub fn flush(&self) -> bool {
        self.flush_before(More::Nothing)
    }

    /// As `flush`, but possibly a little later, in one batch with the responses of other connections. `now` is
    /// the time of the coarse clock.
    pub fn flush_batched(&self, now: u32) -> bool {
        self.send_collected(|bytes| self.conn.send_batched(bytes, now))
    }

    /// As `flush`, with a hint whether more follows at once.
    pub fn flush_before(&self, more: More) -> bool {
        self.send_collected(|bytes| self.conn.send_before(bytes, more))
    }

    fn send_collected(&self, send: impl FnOnce(&[u8]) -> isize) -> bool {
        let len = self.len.replace(0);
        if len > 0 {
            // SAFETY: the first `len` bytes of the buffer are initialised. Sending doesn't call the program, so
            // nothing is added during the call.
            let bytes = unsafe { slice::from_raw_parts(self.room.as_ptr(), len) };
            self.send(|| send(bytes));
        }
        !self.has_failed()
    }

    /// Sends nothing after a failure, because there would be a gap.
    fn send(&self, send: impl FnOnce() -> isize) {
        if !self.has_failed() {
            self.failed.set(send() < 0);
        }
    }

    /// Adds a small file, or passes a larger one to the connection, after everything that was added before.
    pub fn put_file(&self, file: BodyFile) {
        self.files.set(self.files.get().saturating_add(file.length));
        if file.length > SMALL_FILE as u64 {
            if self.flush_before(More::AtOnce) {
                let (at, length) = (file.at, file.length);
                // The connection owns the descriptor from here on.
                self.failed.set(!self.conn.send_file(file.into_fd(), at, length));
            }
            return;
        }
        let length = file.length as usize;
        if ROOM - self.len.get() < length {
            self.flush();
        }
        // SAFETY: the buffer has room for `length` more bytes after `len`, and nothing is added during the call.
        let room = unsafe {
            let at = self.room.add(self.len.get()).as_ptr();
            slice::from_raw_parts_mut(at.cast(), length)
        };
        let read = sys_file::read_at(file.fd, room, file.at);
        if read.map(<[u8]>::len) != Some(length) {
            log_err!("http response: a file is shorter than announced, or can't be read");
            self.flush();
            self.failed.set(true);
            return;
        }
        self.len.set(self.len.get() + length);
    }

    #[inline]
    pub fn put(&self, bytes: &[u8]) {
        let len = self.len.get();
        if bytes.len() > ROOM - len {
            return self.put_large(bytes);
        }
        // SAFETY: the buffer has room for the bytes after `len`, and doesn't overlap them.
        unsafe {
            let at = self.room.add(len).as_ptr();
            at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.len.set(len + bytes.len());
    }

    #[cold]
    fn put_large(&self, mut bytes: &[u8]) {
        while bytes.len() > ROOM - self.len.get() {
            if self.len.get() == 0 {
                self.send(|| self.conn.send_before(bytes, More::Nothing));
                return;
            }
            let (head, rest) = bytes.split_at(ROOM - self.len.get());
            self.put(head);
            self.flush();
            bytes = rest;
        }
        self.put(bytes);
    }
}

impl Sink for &Output<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        Output::put(self, bytes);
    }
}
