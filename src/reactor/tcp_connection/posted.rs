//! What is asked of a connection on other threads than its loop's: the tasks that bring it there. Each keeps the
//! connection and is counted in `pins`, so that a send on the loop's thread knows that there are some.

use super::lifecycle::open;
use super::protocol::Kept;
use super::{Connection, take_posted_bytes};
use super::{take_posted_close, take_posted_end, take_posted_shutdown};
use crate::reactor::event_loop::posts::{Order, Posted, Queued, Task};
use crate::reactor::event_loop::state::Loop;
use std::cell::Cell;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// A connection that a task waits for.
struct Pinned(Kept);

impl Pinned {
    /// None when the connection is kept too often.
    fn new(conn: &Connection) -> Option<Pinned> {
        let kept = conn.keep()?;
        kept.pins.fetch_add(1, Relaxed);
        Some(Pinned(kept))
    }

    fn subject(&self) -> *const () {
        ptr::from_ref::<Connection>(self).cast()
    }
}

impl Deref for Pinned {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.0.pins.fetch_sub(1, AcqRel);
    }
}

/// Puts a new connection on its loop.
struct Register(Pinned);

impl Posted for Register {
    const ORDER: Order = Order::Any;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, _: &Loop, _: &[u8]) {
        // SAFETY: the loop's thread; the task keeps the connection, and no other task registers it.
        unsafe { open::register(self.0.raw()) }
    }
}

/// Sends the bytes of the task.
struct Send(Pinned);

impl Posted for Send {
    const ORDER: Order = Order::Ahead;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, _: &Loop, bytes: &[u8]) {
        // SAFETY: the loop's thread; the task keeps the connection.
        unsafe { take_posted_bytes(self.0.raw(), bytes.as_ptr(), bytes.len()) }
    }
}

struct Shutdown(Pinned);

impl Posted for Shutdown {
    const ORDER: Order = Order::Ahead;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, _: &Loop, _: &[u8]) {
        // SAFETY: the loop's thread; the task keeps the connection.
        unsafe { take_posted_shutdown(self.0.raw()) }
    }
}

/// Closes a connection, as was decided on another thread.
struct Close(Pinned);

impl Posted for Close {
    const ORDER: Order = Order::Ahead;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, _: &Loop, _: &[u8]) {
        // SAFETY: the loop's thread; the task keeps the connection.
        unsafe { take_posted_close(self.0.raw()) }
    }
}

/// Closes a connection after its queue is sent, or at a time.
struct End(Pinned, Cell<i64>);

impl Posted for End {
    const ORDER: Order = Order::Ahead;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, _: &Loop, _: &[u8]) {
        // SAFETY: the loop's thread; the task keeps the connection.
        unsafe { take_posted_end(self.0.raw(), self.1.get()) }
    }
}

// Each of these makes a task, None when memory is out. It is to be posted to the connection's loop.

pub fn register(conn: &Connection) -> Option<Task> {
    Task::new(Register(Pinned::new(conn)?))
}

#[allow(dead_code)]
pub fn send(conn: &Connection, bytes: &[u8]) -> Option<Task> {
    Task::with_bytes(Send(Pinned::new(conn)?), bytes)
}

pub fn shutdown(conn: &Connection) -> Option<Task> {
    Task::new(Shutdown(Pinned::new(conn)?))
}

pub fn close(conn: &Connection) -> Option<Task> {
    Task::new(Close(Pinned::new(conn)?))
}

pub fn end(conn: &Connection, time: i64) -> Option<Task> {
    Task::new(End(Pinned::new(conn)?, Cell::new(time)))
}

impl Connection {
    /// Takes in what other threads have asked for, if some of it is this connection's; on the loop's thread.
    #[inline]
    pub fn take_in(&self) {
        if self.pins.load(Acquire) != 0 {
            self.event_loop().take_in(ptr::from_ref(self).cast());
        }
    }
}

/// # Safety
/// The bytes are filled before the task is posted.
pub unsafe fn send_later(conn: &Connection, len: usize) -> Option<Task> {
    // SAFETY: the caller fills them.
    unsafe { Task::with_room(Send(Pinned::new(conn)?), len) }
}

/// # Safety
/// A task of `send_later`; `data` holds `len` bytes.
pub unsafe fn fill(task: Queued, data: *const u8, len: usize) {
    // SAFETY: the task was made with room for so many.
    unsafe { ptr::copy_nonoverlapping(data, task.room::<Send>(), len) }
}

/// # Safety
/// A task of `end`.
pub unsafe fn set_time(task: Queued, time: i64) {
    // SAFETY: the caller's task was made for an `End`.
    unsafe { task.posted::<End>() }.1.set(time);
}
