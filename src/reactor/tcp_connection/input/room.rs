//! Room for a read in the input buffer. All connections of a loop read into one shared block, which is lent to the
//! input buffer until the callback returns. Only a connection with unread bytes keeps a block of its own.

use crate::abi::types::buffer;
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::block::{self, SHARED};
use crate::sys::fd as sys_fd;
use libc::c_int;
use std::mem::MaybeUninit;
use std::slice;

/// The minimum room after unread bytes for the next read.
pub const LEAST: usize = 16_384;

/// The writable bytes after those of the input buffer, and one more for the NUL. A connection has only one room at a
/// time.
pub struct Room<'a> {
    input: &'a buffer,
    at: *mut u8,
    len: usize,
}

impl Room<'_> {
    /// Makes room for 1 to `most` bytes. None if out of memory.
    #[inline(always)]
    pub fn make(conn: &Connection, most: usize) -> Option<Room<'_>> {
        let len = prepare(conn).min(most);
        (len > 0).then(|| Room { input: &conn.input, at: conn.input.write_at(), len })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// recv(2) into the room. Adds the received bytes to the input.
    #[inline(always)]
    pub fn recv(mut self, fd: c_int) -> isize {
        let n = sys_fd::recv(fd, self.bytes());
        if n > 0 {
            // SAFETY: recv has written the first `n` bytes of the room.
            unsafe { self.add(n as usize) };
        }
        n
    }

    /// The writable bytes.
    pub fn bytes(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `prepare` has made `len` bytes writable at the write index. The readable bytes end before it.
        unsafe { slice::from_raw_parts_mut(self.at.cast(), self.len) }
    }

    /// Adds the first `n` bytes of the room to the input, followed by a NUL.
    ///
    /// # Safety
    /// The first `n` bytes of the room were written.
    #[inline(always)]
    pub unsafe fn add(self, n: usize) {
        // SAFETY: `n` is at most `len`, and `prepare` leaves one byte after the room.
        unsafe { self.at.add(n).write(0) };
        self.input.writeIndex.set(self.input.writeIndex.get() + n as c_int);
    }
}

/// Appends fewer than `LEAST` bytes to the input. False if out of memory.
#[inline(never)]
pub fn append(conn: &Connection, bytes: &[u8]) -> bool {
    let Some(room) = Room::make(conn, bytes.len()).filter(|room| room.len() == bytes.len()) else {
        return bytes.is_empty();
    };
    // SAFETY: the room is as long as the bytes, which are in the filter's own memory.
    unsafe {
        room.at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        room.add(bytes.len());
    }
    true
}

/// Makes room in the input buffer. Returns the number of writable bytes, without that of the NUL; 0 if out of memory.
#[inline(always)]
fn prepare(conn: &Connection) -> usize {
    let (input, block) = (&conn.input, &conn.input_block);
    if input.data.get().cast() == conn.event_loop().empty.get() {
        return if block.borrow(input, conn.event_loop()) { SHARED } else { 0 };
    }
    if !block.is_in(input) {
        // A block of the program grows as that of any buffer does. Its last byte is for the NUL.
        input.reserve(LEAST);
        return input.writeable().saturating_sub(1);
    }
    if input.writeable() < LEAST && input.readIndex.get() > 0 {
        input.move_to_front();
    }
    if input.writeable() < LEAST {
        let total = input.total_size.get() as usize;
        if !block.grow(input, (total * 2).min(SIZE_MAX), total) {
            return 0;
        }
    }
    input.writeable()
}

/// Whether unread bytes have to be moved before more can be read.
pub fn must_move(conn: &Connection) -> bool {
    let input = &conn.input;
    input.readable() > 0
        && (input.total_size.get() as usize) < input.writeIndex.get() as usize + LEAST
}

/// Takes the block back if the buffer is empty, or leaves it there if bytes are unread.
pub fn settle(conn: &Connection) {
    let (input, block, l) = (&conn.input, &conn.input_block, conn.event_loop());
    input.put_in_order();
    let empty = input.readable() == 0;
    let replaced = !block.is_in(input);
    if block.is_there() && (replaced || empty) {
        block.return_to(l, if replaced { SHARED } else { input.total_size.get() as usize });
        if !replaced {
            block::empty(input, l);
        }
    }
    if empty {
        input.readIndex.set(0);
        input.writeIndex.set(0);
    }
}
