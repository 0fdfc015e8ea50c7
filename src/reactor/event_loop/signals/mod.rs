//! Signals as callbacks of loops.
//!
//! The handler of the process may do very little: it marks the signal for each loop that listens, and
//! wakes those. The loop's iteration then calls its watchers. What the handler walks through is a list of
//! nodes, one per loop that ever listened at the same time as others; it only grows, nodes are used
//! again. A loop that ends leaves its node empty and waits until no handler is at work.

mod handler;
mod watch;

pub use crate::reactor::event_loop::signals::handler::{after_fork, is_watchable};
pub use crate::reactor::event_loop::signals::watch::Watchers;
