//! The queue: what the socket didn't take, in the output buffer; and a file, with some of those bytes
//! before and the others behind it.

use super::{file, quota, write};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lifecycle::open;
use crate::sys::fd::More;
use crate::sys::{errno, pool};
use libc::c_int;
use std::ptr;

/// The queue's block grows by large steps: address space is cheap, copying is not.
const FIRST_BLOCK: usize = 65_536;
const GROWTH: usize = 16;

/// Appends to the queue. False when memory is out.
pub fn enqueue(conn: &Connection, bytes: &[u8]) -> bool {
    // SAFETY: the indices of the output are in order, and its block has a byte more than `total_size`. So `used`
    // bytes can be moved, and `len` bytes and a NUL fit at `end` once `total_size - end` is at least `len`. The
    // caller's bytes don't lie in the block.
    unsafe {
        let (output, len) = (&conn.output, bytes.len());
        let empty = conn.event_loop().empty.get();
        let ours = output.data.get().cast() == conn.output_block.get()
            || output.data.get().cast() == empty;
        if !ours {
            let done = output.append_from(bytes.as_ptr(), len);
            quota::recount(conn);
            return done;
        }
        let used = conn.output.readable();
        let total = output.total_size.get() as usize;
        let mut end = output.writeIndex.get() as usize;
        if total - end < len {
            // Moving pays only where it frees as much as it moves.
            if total - used >= len && output.readIndex.get() as usize >= used {
                ptr::copy(output.read_at(), conn.output_block.get(), used);
            } else {
                let mut size = total.max(FIRST_BLOCK);
                while size - used < len && size < SIZE_MAX {
                    size = size.saturating_mul(GROWTH).min(SIZE_MAX);
                }
                let block = pool::run_alloc(size + 1);
                if size - used < len || block.is_null() {
                    if !block.is_null() {
                        pool::run_free(block, 0);
                    }
                    return false;
                }
                if used > 0 {
                    ptr::copy_nonoverlapping(output.read_at(), block, used);
                }
                free_block(conn);
                conn.output_block.set(block);
                conn.output_touched.set(0);
                output.data.set(block.cast());
                output.total_size.set(size as c_int);
            }
            output.readIndex.set(0);
            end = used;
        }
        let at = output.data.get().add(end).cast::<u8>();
        ptr::copy_nonoverlapping(bytes.as_ptr(), at, len);
        at.add(len).write(0);
        output.writeIndex.set((end + len) as c_int);
        conn.output_touched.set(conn.output_touched.get().max((end + len + 1) as u32));
        quota::recount(conn);
        true
    }
}

/// Gives the queue's block back, where the library has one.
pub fn free_block(conn: &Connection) {
    // SAFETY: the block came from the pools, and the pointer is dropped with it.
    unsafe {
        let block = conn.output_block.replace(ptr::null_mut());
        if !block.is_null() {
            pool::run_free(block, conn.output_touched.get() as usize);
        }
    }
}

/// Whether nothing waits to be sent.
pub fn is_empty(conn: &Connection) -> bool {
    !conn.is_sending()
}

/// Writes what is queued. False with errno when the connection is broken.
pub fn flush(conn: &Connection) -> bool {
    if conn.sends_file() {
        return file::flush(conn);
    }
    write_out(conn, conn.output.readable()).is_some()
}

/// Writes the first `len` of the readable bytes, and tells how many the socket took. None with errno
/// when the connection is broken.
pub fn write_out(conn: &Connection, len: usize) -> Option<usize> {
    // SAFETY: `len` is at most the number of readable bytes, and writing them changes neither the block nor the
    // indices.
    unsafe {
        let output = &conn.output;
        let bytes = std::slice::from_raw_parts(output.read_at(), len);
        let n = write::write_some(conn, bytes, More::Nothing);
        if n < 0 {
            return (errno::get() == libc::EAGAIN).then_some(0);
        }
        output.readIndex.set(output.readIndex.get() + n as c_int);
        quota::recount(conn);
        if conn.output.readable() == 0 {
            let empty = conn.event_loop().empty.get();
            if output.data.get().cast() == conn.output_block.get() {
                free_block(conn);
                open::empty(&conn.output, empty);
            }
            output.readIndex.set(0);
            output.writeIndex.set(0);
        }
        Some(n as usize)
    }
}
