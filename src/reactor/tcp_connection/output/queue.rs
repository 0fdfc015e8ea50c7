//! The queue: bytes in the output buffer that the socket hasn't accepted yet, and a file, which is sent after some
//! of those bytes and before the others.

#![forbid(unsafe_code)]

use super::{file, quota, write};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::{Connection, block};
use crate::sys::errno;
use crate::sys::fd::More;
use libc::c_int;

/// The queue's block grows in large steps, because address space is cheaper than copying.
const FIRST_BLOCK: usize = 65_536;
const GROWTH: usize = 16;

/// Appends to the queue. False if out of memory.
pub fn enqueue(conn: &Connection, bytes: &[u8]) -> bool {
    let output = &conn.output;
    let ours = conn.output_block.is_in(output)
        || output.data.get().cast() == conn.event_loop().empty.get();
    if ours && !make_room(conn, bytes.len()) {
        return false;
    }
    // A block of the program grows here, as that of any buffer does.
    let done = output.append(bytes);
    if ours {
        let touched = output.writeIndex.get() as u32 + 1;
        conn.output_touched.set(conn.output_touched.get().max(touched));
    }
    quota::recount(conn);
    done
}

/// Makes room for `len` bytes in the library's block, or allocates the first one. False if out of memory.
fn make_room(conn: &Connection, len: usize) -> bool {
    let output = &conn.output;
    let (used, total) = (output.readable(), output.total_size.get() as usize);
    if total - output.writeIndex.get() as usize >= len {
        return true;
    }
    // Moving is worthwhile only if it frees at least as many bytes as it moves.
    if total - used >= len && output.readIndex.get() as usize >= used {
        output.move_to_front();
        return true;
    }
    let mut size = total.max(FIRST_BLOCK);
    while size - used < len && size < SIZE_MAX {
        size = size.saturating_mul(GROWTH).min(SIZE_MAX);
    }
    let grown = size - used >= len
        && conn.output_block.grow(output, size, conn.output_touched.get() as usize);
    if grown {
        conn.output_touched.set(0);
    }
    grown
}

/// Whether nothing waits to be sent.
pub fn is_empty(conn: &Connection) -> bool {
    !conn.is_sending()
}

/// Writes the queue. False with errno if the connection is broken.
pub fn flush(conn: &Connection) -> bool {
    if conn.sends_file() {
        return file::flush(conn);
    }
    write_out(conn, conn.output.readable()).is_some()
}

/// Writes the first `len` readable bytes, and returns how many the socket accepted. None with errno if the
/// connection is broken.
pub fn write_out(conn: &Connection, len: usize) -> Option<usize> {
    let output = &conn.output;
    let bytes = output.bytes().get(..len).unwrap_or_default();
    let n = write::write_some(conn, bytes, More::Nothing);
    if n < 0 {
        return (errno::get() == libc::EAGAIN).then_some(0);
    }
    output.readIndex.set(output.readIndex.get() + n as c_int);
    quota::recount(conn);
    if output.readable() == 0 {
        if conn.output_block.is_in(output) {
            conn.output_block.give_back(conn.output_touched.get() as usize);
            block::empty(output, conn.event_loop());
        }
        output.readIndex.set(0);
        output.writeIndex.set(0);
    }
    Some(n as usize)
}
