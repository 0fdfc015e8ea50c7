//! Batches of small responses: those of one iteration wait in a block of the loop, and are sent one right after
//! the other. Reading and answering then stay in the CPU caches, which the kernel's code for sending would evict
//! each time.
//!
//! They wait no longer than until the batch is full, the iteration's events are delivered, or anything else
//! becomes of one of the connections. After a batch that took long, because a callback blocked,
//! answers leave at once for a while.

use super::{queue, send, write};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::{Connection, Side};
use crate::sys::fd::More;
use crate::sys::{errno, pool};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::{ptr, slice};

/// Answers of a batch, and their bytes: both fit in the first level of caches.
const MOST: usize = 32;
const ROOM: usize = 16 << 10;
/// A batch that spans more milliseconds took too long; then none are made for so many.
const SLOW_MS: u32 = 50;
const ALONE_MS: u32 = 10_000;

/// A response: the connection, and the number of its bytes in the buffer.
#[derive(Clone, Copy)]
struct Answer {
    conn: *const Connection,
    len: usize,
}

/// What a loop has of it. How many answers there are, the loop knows itself (`batched`).
struct Batch {
    answers: [Cell<Answer>; MOST],
    used: Cell<usize>,
    /// When the batch began, and when one last took too long: low bits of a clock's milliseconds.
    began: Cell<u32>,
    slow: Cell<Option<u32>>,
    room: UnsafeCell<[MaybeUninit<u8>; ROOM]>,
}

impl Batch {
    /// The loop's, if it has one.
    fn of(l: &Loop) -> Option<&Batch> {
        // SAFETY: `make` put it there, and `free` takes it out when the loop ends.
        unsafe { l.batch.get().cast::<Batch>().as_ref() }
    }

    /// Makes the loop's, in its place: a callback's stack may be small. None when memory is out.
    #[cold]
    fn make(l: &Loop) -> Option<&Batch> {
        let place = pool::alloc(size_of::<Batch>()).cast::<Batch>();
        if place.is_null() {
            return None;
        }
        // SAFETY: a fresh block of that size. All fields are written but the room, which needs no value.
        unsafe {
            (&raw mut (*place).answers)
                .write([const { Cell::new(Answer { conn: ptr::null(), len: 0 }) }; MOST]);
            (&raw mut (*place).used).write(Cell::new(0));
            (&raw mut (*place).began).write(Cell::new(0));
            (&raw mut (*place).slow).write(Cell::new(None));
        }
        l.batch.set(place.cast());
        Batch::of(l)
    }

    /// Whether callbacks are taking long; the batch has so many answers.
    #[inline(always)]
    fn is_slow(&self, count: usize, now: u32) -> bool {
        let span = |since: u32| now.wrapping_sub(since);
        if count > 0 && span(self.began.get()) >= SLOW_MS {
            self.slow.set(Some(now));
        }
        let Some(since) = self.slow.get() else { return false };
        if span(since) >= ALONE_MS {
            self.slow.set(None);
        }
        span(since) < ALONE_MS
    }

    /// Puts an answer behind the first `count`. False where the batch has no room for it.
    #[inline(always)]
    fn put(&self, count: usize, conn: &Connection, bytes: &[u8]) -> bool {
        let (used, len) = (self.used.get(), bytes.len());
        let Some(place) = self.answers.get(count).filter(|_| len <= ROOM - used) else {
            return false;
        };
        // SAFETY: behind the `used` bytes the room has `len` more, and no slice of the room reaches there.
        unsafe {
            let end = self.room.get().cast::<u8>().add(used);
            end.copy_from_nonoverlapping(bytes.as_ptr(), len);
        }
        self.used.set(used + len);
        place.set(Answer { conn, len });
        true
    }
}

/// Sends, as `send::send` does, but perhaps a little later. What can't be sent closes the connection.
pub fn send(conn: &Connection, bytes: &[u8], now: u32) -> isize {
    let (l, len) = (conn.event_loop(), bytes.len());
    // Water marks, limits and time limits need to see every byte.
    let plain = conn.cold().is_none() && queue::is_empty(conn);
    let batch = Batch::of(l)
        .or_else(|| Batch::make(l))
        .filter(|batch| plain && len <= ROOM && !batch.is_slow(l.batched.get(), now));
    let Some(batch) = batch else {
        flush(l);
        return send::send(conn, bytes, More::Nothing);
    };
    // An empty batch has room for it.
    while !batch.put(l.batched.get(), conn, bytes) {
        flush(l);
    }
    if l.batched.get() == 0 {
        batch.began.set(now);
    }
    l.batched.set(l.batched.get() + 1);
    conn.in_batch.set(true);
    len as isize
}

/// Empties the batch, and gives its answers out in their order.
#[inline(always)]
fn take(l: &Loop, mut answer: impl FnMut(&Connection, &[u8])) {
    let Some(batch) = Batch::of(l) else { return };
    let mut at = 0;
    for next in batch.answers.iter().take(l.batched.replace(0)) {
        let Answer { conn, len } = next.get();
        // SAFETY: a connection that closes is flushed first, so those of the batch are open. `put` has written their
        // bytes, and writes behind all of them.
        let (conn, bytes) =
            unsafe { (&*conn, slice::from_raw_parts(batch.room.get().cast::<u8>().add(at), len)) };
        conn.in_batch.set(false);
        answer(conn, bytes);
        at += len;
    }
    batch.used.set(0);
}

/// Sends what waits. Sending calls nothing of the program, and puts nothing into the batch.
pub fn flush(l: &Loop) {
    take(l, |conn, bytes| {
        if !open::is_entered(conn) {
            // A callback closed the descriptor, and its number is another's.
            ready::close_in_iteration(conn, CloseReason::DescriptorGone);
        } else if !conn.shared.life.is_closed()
            && conn.side.get() != Side::HalfClosed
            // What was taken isn't refused for what others have sent since: refusing takes their tasks in, and one of
            // those may be what flushes.
            && write::write_or_queue(conn, bytes, More::Nothing) < 0
        {
            // The answer was taken: where it can't be sent after all, nobody waits for it.
            ready::close_in_iteration(conn, CloseReason::of_call(errno::get()));
        }
    });
}

/// Discards the waiting responses, because another process sends them.
pub fn forget(l: &Loop) {
    take(l, |_, _| ());
}

/// Sends what a connection has in the batch, before something else becomes of it.
#[inline]
pub fn flush_of(conn: &Connection) {
    if conn.in_batch.get() {
        flush(conn.event_loop());
    }
}

/// Gives the memory of a loop's batch back.
pub fn free(l: &Loop) {
    let batch = l.batch.replace(ptr::null_mut()).cast::<Batch>();
    if !batch.is_null() {
        // SAFETY: `make` allocated it with this size, and the loop, which had the only pointer, has forgotten it.
        unsafe { pool::free(batch.cast(), size_of::<Batch>()) };
    }
}
