//! Small answers that leave together: those of one iteration wait in a block of the loop, and are sent one
//! right after the other. Reading and answering then stay in the processor's caches, which the
//! kernel's way through sending would empty each time.
//!
//! They wait no longer than until the group is full, the iteration's events are delivered, or anything else
//! becomes of one of the connections. After a group that took long, because a callback blocked,
//! answers leave at once for a while.

use super::{queue, send, write};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::{Connection, Side};
use crate::sys::fd::More;
use crate::sys::{errno, pool};
use std::ptr;

/// Answers of a group, and their bytes: both fit in the first level of caches.
const GROUP: usize = 32;
const ROOM: usize = 16 << 10;
/// A group that spans more milliseconds took too long; then none are made for so many.
const SLOW_MS: u32 = 50;
const ALONE_MS: u32 = 10_000;

/// One answer: how many bytes of the room are for which connection.
struct Answer {
    conn: *mut Connection,
    len: usize,
}

const NONE: Answer = Answer { conn: ptr::null_mut(), len: 0 };

/// What a loop has of it.
pub struct Batch {
    answers: [Answer; GROUP],
    used: usize,
    /// When the group began, and when one last took too long: low bits of a clock's milliseconds.
    began: u32,
    slow: u32,
    was_slow: bool,
    room: [u8; ROOM],
}

/// Sends, as `send::send` does, but perhaps a little later. What can't be sent closes the connection.
pub fn send(conn: &Connection, bytes: &[u8], now: u32) -> isize {
    // SAFETY: a group that isn't NULL is the loop's own, and only its thread is here. `at` is less than
    // `GROUP`, and the bytes fit behind the `used` ones of the room: a group without space for either was sent
    // before.
    unsafe {
        let (l, len) = (conn.event_loop(), bytes.len());
        let group = group(l);
        // Marks, limits and times of a program's want to see every byte.
        let plain = conn.cold().is_none() && queue::is_empty(conn);
        if group.is_null() || !plain || len > ROOM || is_slow(group, l.batched.get(), now) {
            flush(l);
            return send::send(conn, bytes, More::Nothing);
        }
        if l.batched.get() == GROUP || len > ROOM - (*group).used {
            flush(l);
        }
        let at = l.batched.get();
        if at == 0 {
            (*group).began = now;
        }
        let room = (&raw mut (*group).room).cast::<u8>();
        room.add((*group).used).copy_from_nonoverlapping(bytes.as_ptr(), len);
        (*group).used += len;
        let answer = (&raw mut (*group).answers).cast::<Answer>().add(at);
        answer.write(Answer { conn: conn.raw(), len });
        l.batched.set(at + 1);
        conn.in_batch.set(true);
        len as isize
    }
}

/// Whether callbacks are taking long.
unsafe fn is_slow(group: *mut Batch, count: usize, now: u32) -> bool {
    // SAFETY: the caller's group isn't NULL, and only its loop's thread uses it.
    unsafe {
        if count > 0 && now.wrapping_sub((*group).began) >= SLOW_MS {
            (*group).was_slow = true;
            (*group).slow = now;
        } else if (*group).was_slow {
            (*group).was_slow = now.wrapping_sub((*group).slow) < ALONE_MS;
        }
        (*group).was_slow
    }
}

/// The loop's group; NULL when memory is out.
fn group(l: &Loop) -> *mut Batch {
    // SAFETY: a fresh block of the group's size. The room, `began` and `slow` aren't read before they are written.
    unsafe {
        let own = l;
        if own.batch.get().is_null() {
            let group = pool::alloc(size_of::<Batch>()).cast::<Batch>();
            if !group.is_null() {
                (&raw mut (*group).answers).write([NONE; GROUP]);
                (*group).used = 0;
                (*group).was_slow = false;
            }
            own.batch.set(group.cast());
        }
        own.batch.get().cast()
    }
}

/// Sends what waits.
pub fn flush(l: &Loop) {
    // SAFETY: a connection that closes is flushed first, so those of the group are open. Sending calls
    // nothing of the program, and makes no new group while this one's bytes are used. What was taken
    // isn't refused for what others have sent since: refusing takes their tasks in, and one of those may
    // be what flushes.
    unsafe {
        let group = l.batch.get().cast::<Batch>();
        if group.is_null() || l.batched.get() == 0 {
            return;
        }
        let mut at = (&raw const (*group).room).cast::<u8>();
        for i in 0..l.batched.replace(0) {
            let Answer { conn, len } = (&raw const (*group).answers).cast::<Answer>().add(i).read();
            let conn = &*conn;
            conn.in_batch.set(false);
            if !open::is_entered(conn) {
                // A callback closed the descriptor, and its number is another's.
                ready::close_in_pass(conn, CloseReason::DescriptorGone);
            } else if !conn.shared.life.is_closed()
                && conn.side.get() != Side::HalfClosed
                && write::write_or_queue(conn, std::slice::from_raw_parts(at, len), More::Nothing)
                    < 0
            {
                // The answer was taken: where it can't be sent after all, nobody waits for it.
                ready::close_in_pass(conn, CloseReason::of_call(errno::get()));
            }
            at = at.add(len);
        }
        (*group).used = 0;
    }
}

/// Drops what waits: another process sends it.
pub fn forget(l: &Loop) {
    // SAFETY: connections of the group are open: one that closes is flushed first.
    unsafe {
        let group = l.batch.get().cast::<Batch>();
        if group.is_null() {
            return;
        }
        for i in 0..l.batched.replace(0) {
            let answer = (&raw const (*group).answers).cast::<Answer>().add(i);
            (*(*answer).conn).in_batch.set(false);
        }
        (*group).used = 0;
    }
}

/// Sends what a connection has in the group, before something else becomes of it.
#[inline]
pub fn flush_of(conn: &Connection) {
    if conn.in_batch.get() {
        flush(conn.event_loop());
    }
}

/// Gives the memory of a loop's group back.
pub fn free(l: &Loop) {
    // SAFETY: `group` allocated it with this size, and the loop, which had the only pointer, has forgotten it.
    unsafe {
        let group = l.batch.replace(ptr::null_mut()).cast::<Batch>();
        if !group.is_null() {
            pool::free(group.cast(), size_of::<Batch>());
        }
    }
}
