//! Batches of small responses: those of one iteration wait in a block of the loop, and are sent one right after
//! the other. The code that reads and answers requests then stays in the CPU caches, from which the kernel's code
//! for sending would evict it each time.
//!
//! A batch is sent when it is full, when the iteration's events were delivered, or when something else happens to
//! one of its connections. After a batch that took long, because a callback blocked, responses are sent at once for
//! a while.

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

/// The maximum number of responses in a batch, and of their bytes. Both fit in the first-level cache.
const MOST: usize = 32;
const ROOM: usize = 16 << 10;
/// If collecting a batch takes `SLOW_MS`, no batches are made for `ALONE_MS`.
const SLOW_MS: u32 = 50;
const ALONE_MS: u32 = 10_000;

/// A response: the connection, and the number of its bytes in the buffer.
#[derive(Clone, Copy)]
struct Response {
    conn: *const Connection,
    len: usize,
}

/// The batch of a loop. The number of responses is in the loop (`batched`).
struct Batch {
    responses: [Cell<Response>; MOST],
    used: Cell<usize>,
    /// When the batch began, and when a batch last took too long: the low bits of the clock's milliseconds.
    began: Cell<u32>,
    slow: Cell<Option<u32>>,
    room: UnsafeCell<[MaybeUninit<u8>; ROOM]>,
}

impl Batch {
    /// The loop's batch, if it has one.
    fn of(l: &Loop) -> Option<&Batch> {
        // SAFETY: `make` stored the batch in the loop, and `free` removes it when the loop is freed.
        unsafe { l.batch.get().cast::<Batch>().as_ref() }
    }

    /// Makes the loop's batch in its place, because the stack of a callback may be small. None if out of memory.
    #[cold]
    fn make(l: &Loop) -> Option<&Batch> {
        let place = pool::alloc(size_of::<Batch>()).cast::<Batch>();
        if place.is_null() {
            return None;
        }
        // SAFETY: the block is new and has that size. All fields are written except the room, which needs no value.
        unsafe {
            (&raw mut (*place).responses)
                .write([const { Cell::new(Response { conn: ptr::null(), len: 0 }) }; MOST]);
            (&raw mut (*place).used).write(Cell::new(0));
            (&raw mut (*place).began).write(Cell::new(0));
            (&raw mut (*place).slow).write(Cell::new(None));
        }
        l.batch.set(place.cast());
        Batch::of(l)
    }

    /// Whether callbacks take long at the moment. `count` is the number of responses in the batch.
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

    /// Adds a response after the first `count`. False if the batch has no room for it.
    #[inline(always)]
    fn put(&self, count: usize, conn: &Connection, bytes: &[u8]) -> bool {
        let (used, len) = (self.used.get(), bytes.len());
        let Some(place) = self.responses.get(count).filter(|_| len <= ROOM - used) else {
            return false;
        };
        // SAFETY: after the `used` bytes there is room for `len` more, and no slice includes that part of the room.
        unsafe {
            let end = self.room.get().cast::<u8>().add(used);
            end.copy_from_nonoverlapping(bytes.as_ptr(), len);
        }
        self.used.set(used + len);
        place.set(Response { conn, len });
        true
    }
}

/// Sends as `send::send` does, but possibly a little later. If that fails later, the connection is closed.
pub fn send(conn: &Connection, bytes: &[u8], now: u32) -> isize {
    let (l, len) = (conn.event_loop(), bytes.len());
    // Water marks, limits and time limits have to take every byte into account.
    let plain = conn.cold().is_none() && queue::is_empty(conn);
    let batch = Batch::of(l)
        .or_else(|| Batch::make(l))
        .filter(|batch| plain && len <= ROOM && !batch.is_slow(l.batched.get(), now));
    let Some(batch) = batch else {
        flush(l);
        return send::send(conn, bytes, More::Nothing);
    };
    // After a flush the batch is empty and has room for the bytes.
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

/// Empties the batch, and calls `f` with its responses in order.
#[inline(always)]
fn take(l: &Loop, mut f: impl FnMut(&Connection, &[u8])) {
    let Some(batch) = Batch::of(l) else { return };
    let mut at = 0;
    for next in batch.responses.iter().take(l.batched.replace(0)) {
        let Response { conn, len } = next.get();
        // SAFETY: a connection's responses are flushed before it is closed, so the connections in the batch are live.
        // `put` has written these bytes, and writes only after all of them.
        let (conn, bytes) =
            unsafe { (&*conn, slice::from_raw_parts(batch.room.get().cast::<u8>().add(at), len)) };
        conn.in_batch.set(false);
        f(conn, bytes);
        at += len;
    }
    batch.used.set(0);
}

/// Sends the responses of the batch. This calls no code of the program, and adds nothing to the batch.
pub fn flush(l: &Loop) {
    take(l, |conn, bytes| {
        if !open::is_entered(conn) {
            // A callback closed the descriptor, and its number was reused.
            ready::close_in_iteration(conn, CloseReason::DescriptorGone);
        } else if !conn.shared.life.is_closed()
            && conn.side.get() != Side::HalfClosed
            // The limit isn't checked, because these bytes have already been accepted. Refusing them would also run
            // tasks of other threads, one of which may be the caller of this.
            && write::write_or_queue(conn, bytes, More::Nothing) < 0
        {
            // The response was accepted, so its sender can't be told that it wasn't sent.
            ready::close_in_iteration(conn, CloseReason::of_call(errno::get()));
        }
    });
}

/// Discards the responses of the batch, because another process sends them.
pub fn forget(l: &Loop) {
    take(l, |_, _| ());
}

/// Sends the batch if it contains a response of the connection. Called before anything else is done with the
/// connection.
#[inline]
pub fn flush_of(conn: &Connection) {
    if conn.in_batch.get() {
        flush(conn.event_loop());
    }
}

/// Frees a loop's batch.
pub fn free(l: &Loop) {
    let batch = l.batch.replace(ptr::null_mut()).cast::<Batch>();
    if !batch.is_null() {
        // SAFETY: `make` allocated it with this size, and the loop, which had the only pointer, has removed it.
        unsafe { pool::free(batch.cast(), size_of::<Batch>()) };
    }
}
