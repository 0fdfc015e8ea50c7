//! Taking bytes in. All connections of a loop read into one block, which is lent to the input
//! buffer for the callback; only a connection with unread bytes keeps a block of its own.

use super::{back_pressure, pace, source};
use crate::abi::types::{EVENT_READ, EVENT_WRITE};
use crate::reactor::backend::{EDGE, NOT_DRAINED};
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::queue;
use crate::reactor::tcp_connection::{AfterSending, Connection, Work, cold_state, registration};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool, pool::Bytes};
use libc::{c_int, c_void};
use std::{ptr, slice};

/// What one read takes at most, unless unread bytes have grown the block.
pub const BLOCK: usize = 65_536;
/// Unread bytes leave at least this much room for the next read.
const ROOM: usize = 16_384;
/// Reads per connection and pass: one firehose doesn't starve the others.
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
    /// Bytes that a filter has, and that are nothing to the program yet.
    Filtered {
        full: bool,
    },
    Nothing,
    End,
    Failed(c_int),
    NoMemory,
}

/// A turn of reading. `bits` tell what the back end saw; without `EDGE` it will tell again.
fn turn(conn: &Connection, bits: u32) {
    take(conn, bits);
    back_pressure::after_reading(conn);
    conn.turn_ended();
}

/// Reads and calls back until the socket is drained or others are due.
fn take(conn: &Connection, bits: u32) {
    if conn.reading.begin_turn() && open::is_open(conn) && conn.input.readable() > 0 {
        deliver(conn);
    }
    for read in 0..TURNS {
        if read > 0 && conn.event_loop().is_spent_now() {
            break;
        }
        // What the program took off the loop it reads itself.
        let wanted = conn.watch.is_on() && conn.channel.events.get() & EVENT_READ != 0;
        if !open::is_open(conn) || conn.peer.has_ended() || !wanted {
            return;
        }
        // Only the first edge is known to be of this connection's own file.
        if (read > 0 || bits & EDGE == 0) && !open::is_entered(conn) {
            return ready::close_in_pass(conn, CloseReason::DescriptorGone);
        }
        match receive(conn) {
            Got::Bytes { full, read } => {
                deliver(conn);
                if full {
                    pace::note(conn, read);
                }
                if conn.watch.is_held() {
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
                log_err!("no memory to read from {}", open::name(conn));
                return end_for(conn, CloseReason::NoMemory);
            }
        }
    }
    if bits & EDGE != 0 && !conn.shared.life.is_closed() {
        ready::give(conn, Work::Read);
    }
}

/// One read into the input buffer.
fn receive(conn: &Connection) -> Got {
    // SAFETY: `prepare` makes `room` bytes and one more writable at the write index.
    unsafe {
        if must_move(conn) && !source::has_input(conn) {
            // What the callback left unread keeps its address until there is more.
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

/// One read of a connection that isn't `direct`, into the input buffer, where `at` has room for so many bytes.
///
/// # Safety
/// `at` has that room, and nothing else uses it meanwhile.
#[cold]
unsafe fn receive_indirectly(conn: &Connection, at: *mut u8, room: usize) -> Got {
    // SAFETY: room for so many bytes, written or not; the slice ends with the call.
    let n = source::read(conn, unsafe { slice::from_raw_parts_mut(at.cast(), room) });
    if n <= 0 {
        return without_bytes(conn, n, errno::get());
    }
    let (read, full) = (n as usize, n as usize == room);
    note_arrival(conn, read);
    let Some(filter) = conn.filter() else {
        // SAFETY: the source has written that many bytes of the room that `at` has.
        unsafe { add_to_input(conn, at, read) };
        return Got::Bytes { full, read };
    };
    let mut plain = Bytes::new();
    // SAFETY: the source has written the first `read` bytes.
    let wire = unsafe { slice::from_raw_parts(at, read) };
    let filtered = filter.incoming(conn, wire, &mut plain);
    // They take the place of what came over the wire.
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

/// Appends fewer than `ROOM` bytes to the input buffer. False when memory is out.
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

/// Bytes have come over the wire.
#[inline(always)]
fn note_arrival(conn: &Connection, n: usize) {
    timeouts::received(conn);
    count(&conn.event_loop().counts.bytes_read, n as u64);
    conn.peer.sends();
}

/// Counts bytes in that were written to `at`, behind those of the input buffer, and ends them with a NUL.
///
/// # Safety
/// `at` is where the buffer's next byte goes, with room for `n` bytes and one more.
#[inline(always)]
unsafe fn add_to_input(conn: &Connection, at: *mut u8, n: usize) {
    // SAFETY: there is room for a byte behind the `n` bytes.
    unsafe { at.add(n).write(0) };
    conn.input.writeIndex.set(conn.input.writeIndex.get() + n as c_int);
}

/// What a read that brought no bytes means.
#[inline(always)]
fn without_bytes(conn: &Connection, n: isize, e: c_int) -> Got {
    settle(conn);
    match (n, e) {
        // An empty message, which is none to the program.
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

/// Goes on with a connection that had to let others go first, or that is read from again.
pub fn go_on(conn: &Connection) {
    turn(conn, EDGE | NOT_DRAINED)
}

/// Gives back the block of a connection that ends.
pub fn free_block(conn: &Connection) {
    // SAFETY: the block came from the pools, and the pointer is dropped with it.
    unsafe {
        let block = conn.input_block.replace(ptr::null_mut());
        if !block.is_null() {
            pool::run_free(block, conn.input.total_size.get().max(0) as usize);
        }
    }
}

/// Whether unread bytes have to move before more can be read.
fn must_move(conn: &Connection) -> bool {
    let input = &conn.input;
    conn.input.readable() > 0
        && (input.total_size.get() as usize) < input.writeIndex.get() as usize + ROOM
}

/// Makes the input buffer writable and returns by how much; 0 when memory is out.
#[inline(always)]
fn prepare(conn: &Connection) -> usize {
    // SAFETY: `settle` has put the indices in order. A block of the library's has a byte more than `total_size`. So
    // `used` bytes can be read from it and written to a larger one, and only what is replaced here led to it.
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
            // C's own block: grown as any buffer.
            conn.input.reserve(ROOM);
            // The last byte is the NUL's.
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

/// Calls the message callback, and looks at what it left.
fn deliver(conn: &Connection) {
    let input = &conn.input;
    match conn.public.messageCallBack.get() {
        Some(callback) if conn.after_sending.get() == AfterSending::GoOn => {
            // SAFETY: the program gave the callback with these types. It may do anything but free the connection,
            // which the iteration keeps.
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
        log_err!("{} left {} bytes unread: closed", open::name(conn), unread);
        ready::close_in_pass(conn, CloseReason::OverLimit);
    }
}

/// Takes the block back where the buffer is empty; lets it stay where bytes wait in it.
fn settle(conn: &Connection) {
    // SAFETY: `input_block` is a block that the library lent, of `size` bytes and one more. The input doesn't point to
    // it any more, or is emptied here.
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

/// The peer won't send any more: what is queued is sent first, then the connection closes.
fn end_of_stream(conn: &Connection) {
    conn.peer.ends();
    if conn.protocol().is_some_and(|protocol| (protocol.is_answering)(conn)) {
        // Within a callback that runs the loop: its answer is outstanding.
        conn.answering.set(true);
    }
    conn.take_in();
    let sent = shutdown::all_sent(conn);
    if !open::is_open(conn) || sent && !conn.answering.get() {
        return close::close(conn);
    }
    // What other threads sent and isn't in the queue yet is looked at when it comes.
    let wanted = if queue::is_empty(conn) { 0 } else { EVENT_WRITE };
    registration::set_events(conn, conn.channel.events.get() & !EVENT_READ | wanted);
    if conn.answering.get()
        && let Some(protocol) = conn.protocol()
    {
        (protocol.half_closed)(conn);
    }
}
