//! The lists that a loop has of connections.

use super::Connection;
use crate::reactor::event_loop::iteration::Keeper;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Link, List, Place};

macro_rules! lists {
    ($($(#[$doc:meta])* $place:ident: $link:ident, $($list:ident)*;)*) => {
        $(
            $(#[$doc])*
            pub enum $place {}

            // SAFETY: `reap` frees a connection that none of the lists of what waits has, at the end of the
            // outermost iteration, which takes the keeper away.
            unsafe impl Place for $place {
                type Item = Connection;
                type Keeper = Keeper;

                fn link(conn: &Connection) -> &Link {
                    &conn.$link
                }
            }

            $(
                pub fn $list(l: &Loop) -> &List<$place> {
                    // SAFETY: only this function hands out the head.
                    unsafe { List::from_head(&l.$list) }
                }
            )*
        )*
    };
}

lists! {
    /// Connections with work left for their turn, and those whose turn has come.
    Ready: in_ready, ready turning;
    /// Connections whose closed callback ran.
    Dead: in_dead, dead;
    /// Half-closed connections that wait for the peer's end.
    Lingering: in_lingering, lingering;
    /// Connections whose reading was put off, the oldest first.
    Held: in_held, held;
}

impl Connection {
    /// Whether it waits for something in a list.
    pub fn is_waiting(&self) -> bool {
        [&self.in_ready, &self.in_lingering, &self.in_held].into_iter().any(Link::is_listed)
    }
}
