//! The table of functions through which a loop calls the other parts of the reactor.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{close, ready, turn};
use crate::reactor::tcp_connection::member::MEMBERS;
use crate::reactor::tcp_connection::output::batch;
use crate::reactor::{client, tcp_connection};

/// The parts of all loops of this library.
pub static PARTS: Parts = Parts {
    members: &MEMBERS,

    flush: batch::flush,
    attend: Loop::attend_servers,
    run_ready: turn::run_ready,
    close_ready: turn::close_ready,
    end_deferral: back_pressure::end_deferral,
    tick,
    reap: close::reap,

    free_servers,
    free_clients: client::free_all,
    close_connections,
    forget_waiting: turn::forget_waiting,
    free_shared: batch::free,

    has_threads,
    after_fork,
};

fn tick(iteration: &Iteration, now: i64) {
    turn::end_lingering(iteration, now);
    iteration.end_back_off();
    if iteration.draining.get() {
        iteration.drain();
    }
}

fn free_servers(l: &Loop) {
    l.free_servers();
    l.free_pools();
}

fn close_connections(l: &Loop) -> bool {
    let mut some = false;
    tcp_connection::lists::roster(l).each(|conn| {
        ready::close_in_iteration(conn, CloseReason::Stopped);
        some = true;
    });
    some
}

fn has_threads(l: &Loop) -> bool {
    l.has_pool_threads()
}

fn after_fork(l: &Loop) {
    l.leave_server_files();
    batch::forget(l);
}
