//! A loop's lists of connections.

use super::Connection;
use crate::reactor::event_loop::iteration::Keeper;
use crate::reactor::event_loop::roster::{Placed, Roster};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Keeps, Link, places};
use std::cell::Cell;

// SAFETY: `reap` frees a connection that is in no waiting list, at the end of the outermost iteration, whose keeper
// it consumes.
unsafe impl Keeps<Connection> for Keeper {}

places! {
    /// Connections with work left for their turn, and those whose turn has come.
    pub enum Ready: List<Connection> by in_ready, kept by Keeper, in ready turning;
    /// Connections whose closed callback was called.
    pub enum Dead: List<Connection> by in_dead, kept by Keeper, in dead;
    /// Half-closed connections that wait for the peer's end.
    pub enum Lingering: List<Connection> by in_lingering, kept by Keeper, in lingering;
    /// Connections with deferred reading, the longest deferred first.
    pub enum Deferred: List<Connection> by in_deferred, kept by Keeper, in deferred;
}

impl Connection {
    /// Whether it is in a list in which it waits.
    pub fn is_waiting(&self) -> bool {
        [&self.in_ready, &self.in_lingering, &self.in_deferred].into_iter().any(Link::is_listed)
    }
}

// SAFETY: a connection is removed from the roster when it closes, and is freed later, by the iteration that reaps
// it.
unsafe impl Placed for Connection {
    fn place(&self) -> &Cell<u32> {
        &self.place
    }
}

/// The connections of a loop.
pub fn roster(l: &Loop) -> Roster<'_, Connection> {
    // SAFETY: only this function uses the loop's roster.
    unsafe { l.roster.of() }
}
