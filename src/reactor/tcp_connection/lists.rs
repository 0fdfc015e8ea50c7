//! A loop's lists of connections.

use super::Connection;
use crate::reactor::event_loop::iteration::Keeper;
use crate::reactor::event_loop::roster::{Placed, Roster};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Link, List, Place};
use std::cell::Cell;

macro_rules! lists {
    ($($(#[$doc:meta])* $place:ident: $link:ident, $($list:ident)*;)*) => {
        $(
            $(#[$doc])*
            pub enum $place {}

            // SAFETY: `reap` frees a connection that is in no waiting list, at the end of the outermost
            // iteration, whose keeper it consumes.
            unsafe impl Place for $place {
                type Item = Connection;
                type Keeper = Keeper;

                fn link(conn: &Connection) -> &Link {
                    &conn.$link
                }
            }

            $(
                pub fn $list(l: &Loop) -> &List<$place> {
                    // SAFETY: only this function uses the head.
                    unsafe { List::from_head(&l.$list) }
                }
            )*
        )*
    };
}

lists! {
    /// Connections with work left for their turn, and those whose turn has come.
    Ready: in_ready, ready turning;
    /// Connections whose closed callback was called.
    Dead: in_dead, dead;
    /// Half-closed connections that wait for the peer's end.
    Lingering: in_lingering, lingering;
    /// Connections with deferred reading, the longest deferred first.
    Deferred: in_deferred, deferred;
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
