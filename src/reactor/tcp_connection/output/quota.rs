//! The limit of bytes that may wait to be sent. One count includes all bytes that were accepted from senders and
//! not yet by the kernel, whether they are in the queue or in a posted task.

#![forbid(unsafe_code)]

use super::water_marks;
use crate::reactor::buffer::SIZE_MAX;
use crate::reactor::tcp_connection::output::write_side::Refused;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::{Connection, LIMIT};
use std::sync::atomic::Ordering::Relaxed;

#[derive(Clone, Copy)]
struct Limit {
    max: usize,
    refuses: bool,
}

impl Limit {
    /// Whether a send of `len` bytes is accepted while `waiting` bytes wait.
    fn takes(self, waiting: usize, len: usize) -> bool {
        let fits = if self.refuses { waiting + len <= self.max } else { waiting < self.max };
        fits && waiting + len <= SIZE_MAX
    }
}

fn limit(conn: &Remote) -> Limit {
    conn.shared_cold().map_or(Limit { max: LIMIT, refuses: false }, |cold| Limit {
        max: cold.max_queued.load(Relaxed) as usize,
        refuses: cold.refuses.load(Relaxed),
    })
}

/// Whether a send that exceeds the limit is refused without closing the connection.
pub fn refuses(conn: &Remote) -> bool {
    limit(conn).refuses
}

/// Whether the limit permits a send of `len` bytes at the moment. Sends of other threads may reach it at any time.
pub fn has(conn: &Remote, len: usize) -> bool {
    limit(conn).takes(conn.intake.waiting() as usize, len)
}

/// Accepts `len` bytes of another thread's send, if the limit permits them. Later sends don't affect them.
pub fn accept(conn: &Remote, len: usize) -> Result<(), Refused> {
    let limit = limit(conn);
    conn.intake.accept(len as u64, |waiting| limit.takes(waiting as usize, len))
}

/// The same for a send on the connection's own thread.
pub fn accept_own(conn: &Connection, len: usize) -> bool {
    let limit = limit(conn);
    conn.shared.intake.accept_own(len as u64, |waiting| limit.takes(waiting as usize, len))
}

/// Subtracts the bytes of an accepted send that won't be queued.
pub fn give_back(conn: &Remote, len: usize) {
    conn.intake.change(-(len as i64));
}

/// Whether everything that was accepted has been passed to the kernel: the queue is empty, and no posted
/// sends of other threads are left.
pub fn none_waits(conn: &Connection) -> bool {
    !conn.is_sending() && conn.shared.intake.waiting() == u64::from(conn.counted.get())
}

/// The bytes of an accepted send have reached the connection's own thread. After this, `recount` accounts for them.
pub fn adopt(conn: &Connection, len: usize) {
    conn.counted.set(conn.counted.get() + len as u32)
}

/// Updates the count after the library or the program has changed the queue.
pub fn recount(conn: &Connection) {
    let now = conn.output.readable() as u32;
    let before = conn.counted.replace(now);
    if now != before {
        conn.shared.intake.change(i64::from(now) - i64::from(before));
    }
    if conn.cold().is_some() {
        water_marks::look(conn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_is_accepted_below_the_limit_or_if_it_fits() {
        let close = Limit { max: 100, refuses: false };
        assert!(close.takes(99, 1000) && !close.takes(100, 1) && !close.takes(99, SIZE_MAX));
        let refuse = Limit { max: 100, refuses: true };
        assert!(refuse.takes(0, 100) && refuse.takes(99, 1));
        assert!(!refuse.takes(0, 101) && !refuse.takes(99, 2));
    }
}
