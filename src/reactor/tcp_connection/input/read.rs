//! Receiving bytes: turns of reading, and the message callback.

use super::room::{self, Room};
use super::{back_pressure, pace, source};
use crate::abi::types::{EVENT_READ, EVENT_WRITE};
use crate::reactor::backend::{EDGE, NOT_DRAINED};
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::queue;
use crate::reactor::tcp_connection::{
    AfterSending, Connection, HeldBy, Work, cold_state, registration,
};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool::Bytes};
use libc::{c_int, c_void};

/// The maximum number of reads per connection and iteration, so that a fast sender doesn't starve other connections.
const TURNS: u32 = 16;

/// The read callback of a connection's channel.
pub unsafe extern "C-unwind" fn on_readable(data: *mut c_void) -> c_int {
    // SAFETY: this is the callback of a connection's channel, whose data is the connection, which is live.
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

/// Reads and calls the message callback until the socket is drained or other connections get their turn.
fn take(conn: &Connection, bits: u32) {
    if conn.reading.begin_turn() && open::is_open(conn) && conn.input.readable() > 0 {
        deliver(conn);
    }
    for read in 0..TURNS {
        if read > 0 && conn.event_loop().is_spent_now() {
            break;
        }
        // If the program has removed the channel from the loop, it reads by itself.
        let wanted = conn.watch.is_on() && conn.channel.events.get() & EVENT_READ != 0;
        if !open::is_open(conn) || conn.peer.has_ended() || !wanted {
            return;
        }
        // The first read after an edge needs no check: the edge came from this connection's own file.
        if (read > 0 || bits & EDGE == 0) && !open::is_entered(conn) {
            return ready::close_in_iteration(conn, CloseReason::DescriptorGone);
        }
        match receive(conn) {
            Got::Bytes { full, read } => {
                deliver(conn);
                if full {
                    pace::note(conn, read);
                }
                if conn.watch.is_deferred() {
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
    if room::must_move(conn) && !source::has_input(conn) {
        // The bytes that the callback left unread aren't moved before more have arrived.
        return Got::Nothing;
    }
    let Some(room) = Room::make(conn, pace::limit(conn)) else {
        return Got::NoMemory;
    };
    if !conn.wire.get().is_direct() {
        return receive_indirectly(conn, room);
    }
    let len = room.len();
    let n = room.recv(conn.channel.fd.get());
    if n <= 0 {
        return without_bytes(conn, n, errno::get());
    }
    note_arrival(conn, n as usize);
    Got::Bytes { full: n as usize == len, read: n as usize }
}

/// Reads once for a connection that isn't `direct`.
#[cold]
fn receive_indirectly(conn: &Connection, mut room: Room<'_>) -> Got {
    let len = room.len();
    let n = source::read(conn, room.bytes());
    if n <= 0 {
        return without_bytes(conn, n, errno::get());
    }
    let (read, full) = (n as usize, n as usize == len);
    note_arrival(conn, read);
    // SAFETY: `source::read` has written the first `n` bytes of the room.
    unsafe { room.add(read) };
    let Some(filter) = conn.filter() else {
        return Got::Bytes { full, read };
    };
    let (mut plain, input) = (Bytes::new(), &conn.input);
    let wire = input.bytes();
    let filtered = filter.incoming(conn, &wire[wire.len().saturating_sub(read)..], &mut plain);
    // The filtered bytes replace those from the wire.
    input.writeIndex.set(input.writeIndex.get() - read as c_int);
    let given = plain.bytes().chunks(room::LEAST / 2).all(|part| room::append(conn, part));
    match filtered {
        Err(e) => Got::Failed(e),
        Ok(()) if !given => Got::NoMemory,
        Ok(()) if plain.bytes().is_empty() => {
            room::settle(conn);
            Got::Filtered { full }
        }
        Ok(()) => Got::Bytes { full, read },
    }
}

/// Records that bytes have been received.
#[inline(always)]
fn note_arrival(conn: &Connection, n: usize) {
    timeouts::received(conn);
    count(&conn.event_loop().counts.bytes_read, n as u64);
    conn.peer.sends();
}

/// The result of a read that returned no bytes.
#[inline(always)]
fn without_bytes(conn: &Connection, n: isize, e: c_int) -> Got {
    room::settle(conn);
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

/// Closes the connection at once, instead of in its turn.
fn end_for(conn: &Connection, why: CloseReason) {
    ready::decide(conn, why);
    close::close(conn);
}

/// Continues a turn of reading that was interrupted so that others are served, or resumes reading.
pub fn go_on(conn: &Connection) {
    turn(conn, EDGE | NOT_DRAINED)
}

/// Calls the message callback, and checks how many bytes it has left unread.
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
    room::settle(conn);
    let unread = input.readable();
    if unread > 0 && unread >= cold_state::max_unread(conn) {
        log_err!("{} left {} bytes unread: closed", conn.name(), unread);
        ready::close_in_iteration(conn, CloseReason::OverLimit);
    }
}

/// The peer has ended its side: queued bytes are sent first, then the connection closes, unless an answer or the
/// program keeps it open.
fn end_of_stream(conn: &Connection) {
    conn.peer.ends();
    if conn.protocol().is_some_and(|protocol| (protocol.is_answering)(conn)) {
        // The callback of a request is running the loop, so its response is outstanding.
        conn.held_by.set(HeldBy::Answer);
    } else if conn.after_sending.get() == AfterSending::GoOn && conn.has_input_ended_handler() {
        conn.held_by.set(HeldBy::Program);
        registration::set_events(conn, conn.channel.events.get() & !EVENT_READ);
        conn.input_ended();
        if conn.shared.life.is_closed() {
            return;
        }
    }
    conn.take_in();
    let sent = shutdown::all_sent(conn);
    if !open::is_open(conn) || sent && !conn.outlasts_peer() {
        return close::close(conn);
    }
    // Bytes that other threads have sent and that aren't queued yet are handled when they arrive.
    let wanted = if queue::is_empty(conn) { 0 } else { EVENT_WRITE };
    registration::set_events(conn, conn.channel.events.get() & !EVENT_READ | wanted);
    if conn.held_by.get() == HeldBy::Answer
        && let Some(protocol) = conn.protocol()
    {
        (protocol.half_closed)(conn);
    }
}
