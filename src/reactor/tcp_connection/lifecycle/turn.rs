//! A connection's turn in the iteration: work that a call of the program, another thread or a timer has left, mainly
//! closing. It is done here so that callbacks aren't called within the program's own calls.

#![forbid(unsafe_code)]

use super::{close, open, overdue, shutdown, timeouts};
use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::state::count;
use crate::reactor::list::List;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::{back_pressure, read};
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::lists::Ready;
use crate::reactor::tcp_connection::output::water_marks;
use crate::reactor::tcp_connection::{AfterSending, Connection, Work};
use crate::sys::clock;

use super::ready::decide;

/// How long a half-closed connection waits for the peer's end.
const LINGER_MS: i64 = 5000;

/// Gives every waiting connection its turn, as long as there is time. Work that is left, and connections without a
/// turn, in their order, wait for the next iteration. A callback may run the loop, and the inner iteration then
/// continues with the connections that haven't had their turn.
pub fn run_ready(iteration: &Iteration) {
    let turning = lists::turning(iteration);
    if turning.is_empty() {
        turning.append(lists::ready(iteration).take());
    }
    if !turning.is_empty() {
        iteration.begin_reading();
    }
    while !turning.is_empty() {
        iteration.between();
        // A callback may have run the loop, which has then continued with these connections.
        if iteration.is_spent() {
            return close_or_keep(iteration, turning.take());
        }
        take_first_turn(iteration);
    }
}

/// Closes the waiting connections that are to be closed.
pub fn close_ready(iteration: &Iteration) {
    close_or_keep(iteration, lists::ready(iteration).take());
}

/// Closes those connections of a list that are to be closed, and puts the others back, before those that were
/// added since. No callback runs before all are in one of the two lists.
fn close_or_keep(iteration: &Iteration, taken: List<Ready>) {
    let (kept, closing) = (List::new(), List::new());
    let mut left = 0;
    while let Some(conn) = taken.pop_front(iteration.keeper()) {
        if conn.shared.life.is_closed() || !open::is_open(conn) {
            closing.push_back(conn);
            left += 1;
        } else {
            kept.push_back(conn);
        }
    }
    lists::ready(iteration).prepend(kept);
    lists::turning(iteration).prepend(closing);
    for _ in 0..left {
        take_first_turn(iteration);
    }
}

/// Gives the first connection its turn. There may be none if a callback has run the loop, which has then continued
/// with these connections.
fn take_first_turn(iteration: &Iteration) {
    if let Some(conn) = lists::turning(iteration).pop_front(iteration.keeper()) {
        // The turn may call the program, as a channel's event does, so `yolanda_loop_run_once` counts it as a callback.
        count(&iteration.counts.callbacks, 1);
        turn(conn);
    }
}

fn turn(conn: &Connection) {
    if conn.shared.life.is_closed() {
        return;
    }
    if !open::is_open(conn) {
        return close::close(conn);
    }
    if let Some(cold) = conn.cold() {
        water_marks::tell(conn, &cold.marks);
        if !open::is_open(conn) {
            // A callback has requested the close, which happens in the next turn.
            return;
        }
    }
    if conn.after_sending.get() != AfterSending::GoOn && shutdown::all_sent(conn) {
        // If bytes were unread, closing alone would discard bytes that are held back (`More`).
        shutdown::half_close(conn);
        if conn.after_sending.get() == AfterSending::Close || conn.peer.has_ended() {
            return close::close(conn);
        }
        if !timeouts::is_cut(conn) {
            linger(conn);
        }
    }
    match conn.work.replace(Work::None) {
        Work::None => {}
        Work::Read => read::go_on(conn),
        Work::Judge => overdue::turn(conn),
    }
}

fn linger(conn: &Connection) {
    if !conn.in_lingering.is_listed() {
        conn.linger_until.set((clock::now_ms() + LINGER_MS) as u32);
        lists::lingering(conn.event_loop()).push_front(conn);
    }
}

fn is_over(conn: &Connection, now: i64) -> bool {
    conn.linger_until.get().wrapping_sub(now as u32) as i32 <= 0
}

/// Decides the close of a connection that has lingered long enough.
pub fn judge(conn: &Connection) {
    if conn.in_lingering.is_listed() && is_over(conn, clock::now_ms()) {
        decide(conn, CloseReason::TimedOut);
    }
}

/// Schedules the check of connections that have lingered long enough, and removes those that have closed.
pub fn end_lingering(iteration: &Iteration, now: i64) {
    let taken = lists::lingering(iteration).take();
    while let Some(conn) = taken.pop_front(iteration.keeper()) {
        if conn.shared.life.is_closed() {
            continue;
        }
        lists::lingering(iteration).push_front(conn);
        if is_over(conn, now) {
            overdue::begin(conn);
        }
    }
}

/// Removes closed connections from the lists of connections that wait for a time.
pub fn forget_waiting(iteration: &Iteration) {
    end_lingering(iteration, clock::now_ms());
    back_pressure::end_deferral(iteration);
}
