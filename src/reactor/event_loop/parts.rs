//! The table of functions through which a loop calls the folders above it: connections, servers, clients,
//! threads. It is passed when the loop is created.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::member::Members;
use crate::reactor::event_loop::state::Loop;

/// The phases of an iteration, and of a loop's end, that are implemented in other folders.
pub struct Parts {
    /// The library's own objects that have a channel.
    pub members: &'static Members,

    /// Sends what was deferred in order to send it together.
    pub flush: fn(&Loop),
    /// Handles requests of other threads to servers.
    pub attend: fn(&Loop),
    /// Continues with connections that have work left.
    pub run_ready: fn(&Iteration),
    /// Closes those of them that are to be closed.
    pub close_ready: fn(&Iteration),
    /// Resumes reading from connections for which it was deferred for long enough.
    pub end_deferral: fn(&Iteration),
    /// Checks objects that wait for a time without a timer: lingering connections, listeners that have backed
    /// off, ending servers. `now` is the coarse clock in milliseconds.
    pub tick: fn(&Iteration, now: i64),
    /// Frees dead objects, to which nothing of the iteration refers any more.
    pub reap: fn(Iteration),

    /// Frees the servers and the thread pools of the loop.
    pub free_servers: fn(&Loop),
    pub free_clients: fn(&Loop),
    /// Closes the connections. Returns whether there were any.
    pub close_connections: fn(&Loop) -> bool,
    /// Ends connections that are waiting for something.
    pub forget_waiting: fn(&Iteration),
    /// Frees the memory that connections share.
    pub free_shared: fn(&Loop),

    /// Whether there are other threads that belong to the loop.
    pub has_threads: fn(&Loop) -> bool,
    /// Leaves everything to the parent process that a child has inherited and must not use.
    pub after_fork: fn(&Loop),
}
