//! What a loop calls of the parts that stand above it: connections, servers, clients, threads. A loop gets
//! the table when it is made, and knows those parts by nothing else.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::member::Members;
use crate::reactor::event_loop::state::Loop;

/// The phases of an iteration, and of a loop's end, that aren't the loop's own.
pub struct Parts {
    /// The objects whose channels aren't a program's.
    pub members: &'static Members,

    /// Sends what was put off so that it leaves together.
    pub flush: fn(&Loop),
    /// Looks at what servers were asked by other threads.
    pub attend: fn(&Loop),
    /// Goes on with connections that have work left.
    pub run_ready: fn(&Iteration),
    /// Closes those of them that are to be closed.
    pub close_ready: fn(&Iteration),
    /// Reads again from connections whose reading was put off for long enough.
    pub end_holding: fn(&Iteration),
    /// Looks at what waits for time without a timer: lingering connections, listeners that rest, servers
    /// that end. `now` is the coarse clock in milliseconds.
    pub tick: fn(&Iteration, now: i64),
    /// Frees what has died. Nothing of the iteration refers to it any more.
    pub reap: fn(Iteration),

    /// Frees the servers and the thread pools of the loop.
    pub free_servers: fn(&Loop),
    pub free_clients: fn(&Loop),
    /// Closes the connections; whether there were any.
    pub close_connections: fn(&Loop) -> bool,
    /// Ends connections that wait for something.
    pub forget_waiting: fn(&Iteration),
    /// Gives the memory back that connections share.
    pub free_shared: fn(&Loop),

    /// Whether other threads belong to the loop.
    pub has_threads: fn(&Loop) -> bool,
    /// Leaves to the parent process what a child has inherited and must not use.
    pub after_fork: fn(&Loop),
}
