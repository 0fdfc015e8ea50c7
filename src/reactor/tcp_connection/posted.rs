//! Requests to a connection from other threads than its loop's: the tasks that run them on the loop's thread.
//! Each keeps the connection and is counted in `pins`, so that a send on the loop's thread knows whether there
//! are any.

#![forbid(unsafe_code)]

use super::Connection;
use super::lifecycle::{close_request, register, shutdown};
use super::output::send;
use super::remote::Remote;
use crate::reactor::event_loop::posts::{Order, Posted, Task};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// A connection with a task for it.
struct Pinned(Kept<Connection>);

impl Pinned {
    /// None if there are too many references to the connection.
    fn new(conn: &Remote) -> Option<Pinned> {
        let kept = conn.keep()?;
        kept.pins.fetch_add(1, Relaxed);
        Some(Pinned(kept))
    }

    fn subject(&self) -> *const () {
        ptr::from_ref::<Remote>(&self.0).cast()
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.0.pins.fetch_sub(1, AcqRel);
    }
}

struct Register(Pinned);

impl Posted for Register {
    const ORDER: Order = Order::Any;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, l: &Loop, _: &[u8]) {
        if let Some(conn) = self.0.0.on(l) {
            register::register(conn);
        }
    }
}

/// Work that comes before a later send on the loop's thread; its argument is the task's bytes.
struct Ask<F>(Pinned, F);

impl<F: Fn(&Connection, &[u8]) + Send> Posted for Ask<F> {
    const ORDER: Order = Order::Ahead;

    fn subject(&self) -> *const () {
        self.0.subject()
    }

    fn run(&self, l: &Loop, bytes: &[u8]) {
        if let Some(conn) = self.0.0.on(l) {
            (self.1)(conn, bytes);
        }
    }
}

fn ask(conn: &Remote, bytes: &[u8], take: impl Fn(&Connection, &[u8]) + Send) -> Option<Task> {
    Task::with_bytes(Ask(Pinned::new(conn)?, take), bytes)
}

// Each of these makes a task, to be posted to the connection's loop. None if out of memory.

/// Registers a new connection with its loop.
pub fn register(conn: &Remote) -> Option<Task> {
    Task::new(Register(Pinned::new(conn)?))
}

pub fn send(conn: &Remote, bytes: &[u8]) -> Option<Task> {
    ask(conn, bytes, send::take_posted_bytes)
}

pub fn shutdown(conn: &Remote) -> Option<Task> {
    ask(conn, &[], |conn, _| shutdown::take_posted_shutdown(conn))
}

/// Closes the connection, as another thread has decided.
pub fn close(conn: &Remote) -> Option<Task> {
    ask(conn, &[], |conn, _| close_request::take_posted_close(conn))
}

/// Closes the connection after its queue was sent, or at a time.
pub fn end(conn: &Remote, time: i64) -> Option<Task> {
    ask(conn, &[], move |conn, _| shutdown::take_posted_end(conn, time))
}

impl Connection {
    /// Runs earlier requests of other threads, if some of them are for this connection. On the loop's thread.
    #[inline]
    pub fn take_in(&self) {
        if self.shared.pins.load(Acquire) != 0 {
            self.event_loop().take_in(ptr::from_ref(self).cast());
        }
    }
}
