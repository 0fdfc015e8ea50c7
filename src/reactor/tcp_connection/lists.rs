//! The lists that a loop has of connections.

use super::Connection;
use crate::reactor::event_loop::iteration::Keeper;
use crate::reactor::event_loop::roster::{Placed, Roster};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Keeps, Link, places};
use std::cell::Cell;

// SAFETY: `reap` frees a connection that none of the lists of what waits has, at the end of the outermost iteration,
// which takes the keeper away.
unsafe impl Keeps<Connection> for Keeper {}

places! {
    /// Connections with work left for their turn, and those whose turn has come.
    pub enum Ready: List<Connection> by in_ready, kept by Keeper, in ready turning;
    /// Connections whose closed callback ran.
    pub enum Dead: List<Connection> by in_dead, kept by Keeper, in dead;
    /// Half-closed connections that wait for the peer's end.
    pub enum Lingering: List<Connection> by in_lingering, kept by Keeper, in lingering;
    /// Connections whose reading was put off, the oldest first.
    pub enum Held: List<Connection> by in_held, kept by Keeper, in held;
}

impl Connection {
    /// Whether it waits for something in a list.
    pub fn is_waiting(&self) -> bool {
        [&self.in_ready, &self.in_lingering, &self.in_held].into_iter().any(Link::is_listed)
    }
}

// SAFETY: a connection leaves the roster when it closes, and is freed by the iteration that reaps it, later.
unsafe impl Placed for Connection {
    fn place(&self) -> &Cell<u32> {
        &self.place
    }
}

/// The connections of a loop.
pub fn roster(l: &Loop) -> Roster<'_, Connection> {
    // SAFETY: this is the only way to the loop's roster.
    unsafe { l.roster.of() }
}
