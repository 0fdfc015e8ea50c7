//! Water marks: a program is told when the queue has reached one size, and when it has fallen to
//! another. Crossings are noted where the queue changes, and told of in the connection's next turn.

use crate::reactor::buffer::readable;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::settings::{Marks, Settings};
use crate::reactor::tcp_connection::{Connection, cold_state};

pub struct State {
    marks: Marks,
    /// Crossings that the program wasn't told of yet, high and low in turns.
    owed: u32,
    /// The last that it was told of was the high one.
    told: bool,
}

impl State {
    pub const NONE: State = State { marks: Settings::DEFAULT.marks, owed: 0, told: false };

    /// Whether the last crossing was upwards.
    fn is_above(&self) -> bool {
        self.told != (self.owed % 2 == 1)
    }
}

/// Sets the marks, and begins anew.
///
/// # Safety
/// On the connection's thread, with `x` its extras; or where nobody else has it.
pub unsafe fn set(conn: *mut Connection, x: *mut cold_state::Extras, marks: Marks) {
    // SAFETY: as said.
    unsafe {
        (*x).marks = State { marks, ..State::NONE };
        look(conn);
    }
}

/// The queue has changed: notes a crossing.
///
/// # Safety
/// A connection with extras.
pub unsafe fn look(conn: *mut Connection) {
    // SAFETY: before it comes to its loop only the thread of the completed callback sets the marks;
    // from then on they are this thread's.
    unsafe {
        if !open::is_announced(conn) {
            return;
        }
        let state = &mut (*cold_state::get(conn)).marks;
        let queued = readable(&raw const (*conn).output);
        let crossed = match state.is_above() {
            true => queued <= state.marks.low,
            false => queued >= state.marks.high,
        };
        if crossed && state.marks.high > 0 {
            state.owed += 1;
            ready::schedule(conn);
        }
    }
}

/// Tells the program of what was noted.
///
/// # Safety
/// On the connection's thread, within a pass.
pub unsafe fn tell(conn: *mut Connection) {
    // SAFETY: a callback may do anything but free the connection; all is read afresh after it.
    unsafe {
        let x = cold_state::get(conn);
        // What the callbacks themselves cross waits for the next pass.
        let mut left = (*x).marks.owed;
        while left > 0 && (*x).marks.owed > 0 && open::is_open(conn) {
            left -= 1;
            let state = &mut (*x).marks;
            state.owed -= 1;
            state.told = !state.told;
            let callback = if state.told { state.marks.on_high } else { state.marks.on_low };
            if let Some(callback) = callback {
                callback(conn.cast(), readable(&raw const (*conn).output));
            }
        }
        if (*x).marks.owed > 0 {
            ready::schedule(conn);
        }
    }
}
