//! Signals as callbacks of loops.
//!
//! The process's signal handler can do very little: it marks the signal for each loop with watchers, and wakes
//! these loops, whose iteration then calls the watchers. The handler iterates over a list of nodes, one for each
//! loop that has watchers. The list only grows, and nodes are reused. A loop that is being freed clears its node
//! and waits until no handler is running.

mod handler;
mod watch;

pub use crate::reactor::event_loop::signals::handler::{after_fork, is_watchable};
pub use crate::reactor::event_loop::signals::watch::Watchers;
