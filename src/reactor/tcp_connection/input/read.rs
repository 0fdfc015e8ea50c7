//! Reading. All connections of a loop read into one block, which is lent to the input buffer for the callback.
//! Only a connection with unread bytes keeps its own block.

use super::{back_pressure, pace, source};
use crate::abi::types::{EVENT_READ, EVENT_WRITE};
use crate::reactor::backend::{EDGE, NOT_DRAINED};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::{queue, write};
use crate::reactor::tcp_connection::{AfterSending, Connection, Work, cold_state};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool, pool::Bytes};
use libc::{c_int, c_void};
use std::{ptr, slice};

/// The maximum of one read, unless unread bytes have grown the block.
pub const BLOCK: usize = 65_536;
/// The minimum room after unread bytes for the next read.
const ROOM: usize = 16_384;
/// Reads per connection and iteration, so that a fast sender doesn't starve the others.
const TURNS: u32 = 16;

/// The read callback of a connection's channel.
pub unsafe extern "C-unwind" fn on_readable(data: *mut c_void) -> c_int {
    // SAFETY: a channel's data is its live connection.
    let Some(conn) = (unsafe { data.cast::<Connection>().as_ref() }) else {
        return -1;
    };
    let l = conn.event_loop();
    if l.is_spent() {
        ready::give(conn, Work::Read);
    } else {
        turn(conn, l.event_bits.get());
    }
    0
}

enum Got {
    Bytes {
        full: bool,
        read: usize,
    },
    /// A filter has processed bytes that yield none for the program yet.
    Filtered {
        full: bool,
    },
    Nothing,
    End,
    Failed(c_int),
    NoMemory,
}

/// A turn of reading. `bits` are the events of the back end; without `EDGE` it will report them again.
fn turn(conn: &Connection, bits: u32) {
    take(conn, bits);
    back_pressure::after_reading(conn);
    conn.turn_ended();
}

/// Reads and calls back until the socket is drained or others get their turn.
fn take(conn: &Connection, bits: u32) {
    let owes = conn.redeliver.replace(false);
    if owes && open::is_open(conn) && !conn.paused.get() && conn.input.readable() > 0 {
        deliver(conn);
    }
    for read in 0..TURNS {
        if read > 0 && conn.event_loop().is_spent_now() {
            break;
        }
        // If the program has removed the channel from the loop, it reads by itself.
        let wanted = conn.registered.get() && conn.channel.events.get() & EVENT_READ != 0;
        if !open::is_open(conn) || conn.ended.get() || !wanted {
            return;
        }
        // Only the first edge is known to be that of this connection's own file.
        if (read > 0 || bits & EDGE == 0) && !open::is_entered(conn) {
            return ready::close_in_iteration(conn, CloseReason::DescriptorGone);
        }
        match receive(conn) {
            Got::Bytes { full, read } => {
                deliver(conn);
                if full {
                    pace::note(conn, read);
                }
                if back_pressure::is_deferred(conn) {
                    return;
                }
                if !full && (bits & EDGE == 0 || bits & NOT_DRAINED == 0) {
                    return;
                }
            }
            Got::Filtered { full } => {
                if !full && (bits & EDGE == 0 || bits & NOT_DRAINED == 0) {
                    return;
                }
            }
            Got::Nothing => return,
            Got::End => return end_of_stream(conn),
            Got::Failed(why) => return end_for(conn, CloseReason::of_call(why)),
            Got::NoMemory => {
                log_err!("no memory to read from {}", conn.name());
                return end_for(conn, CloseReason::NoMemory);
            }
        }
    }
    if bits & EDGE != 0 && !conn.shared.life.is_closed() {
        ready::give(conn, Work::Read);
    }
}

/// Reads once into the input buffer.
fn receive(conn: &Connection) -> Got {
    // SAFETY: `prepare` makes `room` bytes and one more writable at the write index.
    unsafe {
        if must_move(conn) && !source::has_input(conn) {
            // The bytes that the callback left unread keep their address until there are more.
            return Got::Nothing;
        }
        let room = prepare(conn).min(pace::limit(conn));
        if room == 0 {
            return Got::NoMemory;
        }
        let input = &conn.input;
        let at = input.data.get().add(input.writeIndex.get() as usize).cast::<u8>();
        if !conn.wire.get().is_direct() {
            return receive_indirectly(conn, at, room);
        }
        let n = sys_fd::recv(conn.channel.fd.get(), at, room);
        if n <= 0 {
            return without_bytes(conn, n, errno::get());
        }
        note_arrival(conn, n as usize);
        add_to_input(conn, at, n as usize);
        Got::Bytes { full: n as usize == room, read: n as usize }
    }
}

/// Reads once for a connection that isn't `direct` into the input buffer, which has `room` bytes at `at`.
///
/// # Safety
/// `at` has that much room, and nothing else uses it during the call.
#[cold]
unsafe fn receive_indirectly(conn: &Connection, at: *mut u8, room: usize) -> Got {
    // SAFETY: by contract there is room for `room` bytes, which needn't be initialised; the slice isn't kept.
    let n = source::read(conn, unsafe { slice::from_raw_parts_mut(at.cast(), room) });
    if n <= 0 {
        return without_bytes(conn, n, errno::get());
    }
    let (read, full) = (n as usize, n as usize == room);
    note_arrival(conn, read);
    let Some(filter) = conn.filter() else {
        // SAFETY: the source has written that many bytes, for which there was room at `at`.
        unsafe { add_to_input(conn, at, read) };
        return Got::Bytes { full, read };
    };
    let mut plain = Bytes::new();
    // SAFETY: the source has written the first `read` bytes.
    let wire = unsafe { slice::from_raw_parts(at, read) };
    let filtered = filter.incoming(conn, wire, &mut plain);
    // They replace the bytes from the wire.
    let given = plain.bytes().chunks(ROOM / 2).all(|part| append(conn, part));
    match filtered {
        Err(e) => Got::Failed(e),
        Ok(()) if !given => Got::NoMemory,
        Ok(()) if plain.bytes().is_empty() => {
            settle(conn);
            Got::Filtered { full }
        }
        Ok(()) => Got::Bytes { full, read },
    }
}

/// Appends fewer than `ROOM` bytes to the input buffer. False if out of memory.
#[inline(never)]
fn append(conn: &Connection, bytes: &[u8]) -> bool {
    if prepare(conn) < bytes.len() {
        return false;
    }
    // SAFETY: `prepare` has made that many bytes and one more writable at the write index.
    unsafe {
        let input = &conn.input;
        let at = input.data.get().add(input.writeIndex.get() as usize).cast::<u8>();
        at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        add_to_input(conn, at, bytes.len());
    }
    true
}

/// Bytes have been received.
#[inline(always)]
fn note_arrival(conn: &Connection, n: usize) {
    timeouts::received(conn);
    count(&conn.event_loop().counts.bytes_read, n as u64);
    conn.received.set(true);
}

/// Adds bytes that were written to `at`, after those of the input buffer, and a NUL.
///
/// # Safety
/// `at` is the address of the buffer's next byte, with room for `n` bytes and one more.
#[inline(always)]
unsafe fn add_to_input(conn: &Connection, at: *mut u8, n: usize) {
    // SAFETY: by contract there is room for a byte after the `n` bytes.
    unsafe { at.add(n).write(0) };
    conn.input.writeIndex.set(conn.input.writeIndex.get() + n as c_int);
}

/// The meaning of a read that returned no bytes.
#[inline(always)]
fn without_bytes(conn: &Connection, n: isize, e: c_int) -> Got {
    settle(conn);
    match (n, e) {
        // An empty message, which the program doesn't see.
        (0, _) if conn.kind() == Kind::Messages && !sys_fd::has_ended(conn.channel.fd.get()) => {
            Got::Nothing
        }
        (0, _) => Got::End,
        (_, libc::EAGAIN) => Got::Nothing,
        _ => Got::Failed(e),
    }
}

/// Closes at once, within the iteration.
fn end_for(conn: &Connection, why: CloseReason) {
    ready::decide(conn, why);
    close::close(conn);
}

/// Continues with a connection that had to let others go first, or resumes reading.
pub fn go_on(conn: &Connection) {
    turn(conn, EDGE | NOT_DRAINED)
}

/// Frees the block of a connection that is ending.
pub fn free_block(conn: &Connection) {
    // SAFETY: the block came from the pools, and the pointer to it is cleared.
    unsafe {
        let block = conn.input_block.replace(ptr::null_mut());
        if !block.is_null() {
            pool::run_free(block, conn.input.total_size.get().max(0) as usize);
        }
    }
}

/// Whether unread bytes have to be moved before more can be read.
fn must_move(conn: &Connection) -> bool {
    let input = &conn.input;
    conn.input.readable() > 0
        && (input.total_size.get() as usize) < input.writeIndex.get() as usize + ROOM
}

/// Makes the input buffer writable, and returns the number of writable bytes; 0 if out of memory.
#[inline(always)]
fn prepare(conn: &Connection) -> usize {
    // SAFETY: `settle` has made the indices valid. A block of the library has one byte more than `total_size`. So
    // `used` bytes can be read from it and written to a larger one. The pointers to the old block are replaced
    // here.
    unsafe {
        let own = conn.event_loop();
        let input = &conn.input;
        if input.data.get().cast() == conn.event_loop().empty.get() {
            let mut block = own.shared_read_buffer.replace(ptr::null_mut());
            if block.is_null() {
                block = pool::run_alloc(BLOCK + 1);
            }
            if block.is_null() {
                return 0;
            }
            put_block(conn, block, BLOCK);
            return BLOCK;
        }
        let used = conn.input.readable();
        if input.data.get().cast() != conn.input_block.get() {
            // A block of the program is grown like that of any buffer.
            conn.input.reserve(ROOM);
            // The last byte is for the NUL.
            return (input.total_size.get() - input.writeIndex.get() - 1).max(0) as usize;
        }
        let mut room = (input.total_size.get() - input.writeIndex.get()) as usize;
        if room < ROOM && input.readIndex.get() > 0 {
            ptr::copy(conn.input.read_at(), conn.input_block.get(), used);
            input.readIndex.set(0);
            input.writeIndex.set(used as c_int);
            room = input.total_size.get() as usize - used;
        }
        if room < ROOM {
            let total = (input.total_size.get() as usize * 2).min(SIZE_MAX);
            let block = pool::run_alloc(total + 1);
            if block.is_null() {
                return 0;
            }
            ptr::copy_nonoverlapping(conn.input_block.get(), block, used);
            pool::run_free(conn.input_block.get(), input.total_size.get() as usize);
            put_block(conn, block, total);
            input.writeIndex.set(used as c_int);
            room = total - used;
        }
        room
    }
}

fn put_block(conn: &Connection, block: *mut u8, total: usize) {
    conn.input_block.set(block);
    let input = &conn.input;
    input.data.set(block.cast());
    input.total_size.set(total as c_int);
    input.readIndex.set(0);
    input.writeIndex.set(0);
}

/// Calls the message callback, and checks what it has left unread.
fn deliver(conn: &Connection) {
    let input = &conn.input;
    match conn.public.messageCallBack.get() {
        Some(callback) if conn.after_sending.get() == AfterSending::GoOn => {
            // SAFETY: the program set the callback with these types. It may do anything except free the
            // connection, which the iteration keeps.
            unsafe { callback(conn.input_ptr(), conn.as_c()) };
        }
        _ => input.readIndex.set(input.writeIndex.get()),
    }
    if conn.shared.life.is_closed() {
        return;
    }
    settle(conn);
    let unread = input.readable();
    if unread > 0 && unread >= cold_state::max_unread(conn) {
        log_err!("{} left {} bytes unread: closed", conn.name(), unread);
        ready::close_in_iteration(conn, CloseReason::OverLimit);
    }
}

/// Takes the block back if the buffer is empty, or leaves it there if bytes are unread.
fn settle(conn: &Connection) {
    // SAFETY: `input_block` is a block that the library lent, with `size` bytes and one more. The input doesn't
    // point to it any more, or is emptied here.
    unsafe {
        let own = conn.event_loop();
        let input = &conn.input;
        conn.input.put_in_order();
        let replaced = input.data.get().cast() != conn.input_block.get();
        let empty = conn.input.readable() == 0;
        if !conn.input_block.get().is_null() && (replaced || empty) {
            let block = conn.input_block.replace(ptr::null_mut());
            let size = if replaced { BLOCK } else { input.total_size.get() as usize };
            if own.shared_read_buffer.get().is_null() && size == BLOCK {
                own.shared_read_buffer.set(block);
            } else {
                pool::run_free(block, size);
            }
            if !replaced {
                open::empty(&conn.input, conn.event_loop().empty.get());
            }
        }
        if empty {
            input.readIndex.set(0);
            input.writeIndex.set(0);
        }
    }
}

/// The peer has ended its side: queued bytes are sent first, then the connection closes.
fn end_of_stream(conn: &Connection) {
    conn.ended.set(true);
    if conn.protocol().is_some_and(|protocol| (protocol.is_answering)(conn)) {
        // Within a callback that runs the loop: its response is outstanding.
        conn.answering.set(true);
    }
    conn.take_in();
    let sent = shutdown::all_sent(conn);
    if !open::is_open(conn) || sent && !conn.answering.get() {
        return close::close(conn);
    }
    // Bytes that other threads have sent and that aren't queued yet are handled when they arrive.
    let wanted = if queue::is_empty(conn) { 0 } else { EVENT_WRITE };
    write::update(conn, conn.channel.events.get() & !EVENT_READ | wanted);
    if conn.answering.get()
        && let Some(protocol) = conn.protocol()
    {
        (protocol.half_closed)(conn);
    }
}
