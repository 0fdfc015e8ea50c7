//! Water marks: the program is told when the queue has grown to the high mark, and when it has shrunk to the low mark.
//! Crossings are recorded when the queue changes, and reported in the connection's next turn.

use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::cold_state::ColdState;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::settings::Marks;

use crate::reactor::tcp_connection::cold_state::Crossings as State;

/// Sets the marks, and discards recorded crossings. On the connection's thread, or before it is registered.
pub fn set(conn: &Connection, cold: &ColdState, marks: Marks) {
    cold.marks.marks.set(marks);
    cold.marks.owed.set(0);
    cold.marks.told.set(false);
    look(conn);
}

/// Called after the queue has changed: records a crossing.
pub fn look(conn: &Connection) {
    // Before the registration, the marks belong to the thread of the completed callback.
    if !open::is_announced(conn) {
        return;
    }
    let Some(state) = conn.cold().map(|cold| &cold.marks) else {
        return;
    };
    let marks = state.marks.get();
    let queued = conn.output.readable();
    let crossed = if state.is_above() { queued <= marks.low } else { queued >= marks.high };
    if crossed && marks.high > 0 {
        state.owed.set(state.owed.get() + 1);
        ready::schedule(conn);
    }
}

/// Reports the recorded crossings to the program.
pub fn tell(conn: &Connection, state: &State) {
    // Crossings that the callbacks themselves cause are reported in the next iteration.
    let mut left = state.owed.get();
    while left > 0 && state.owed.get() > 0 && open::is_open(conn) {
        left -= 1;
        state.owed.set(state.owed.get() - 1);
        state.told.set(!state.told.get());
        let marks = state.marks.get();
        if let Some(callback) = if state.told.get() { marks.on_high } else { marks.on_low } {
            // SAFETY: the program set the callback with these types; the iteration keeps the connection.
            unsafe { callback(conn.as_c(), conn.output.readable()) };
        }
    }
    if state.owed.get() > 0 {
        ready::schedule(conn);
    }
}
