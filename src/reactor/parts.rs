//! What a loop calls of the other parts of the reactor. It stands above all of them.

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{close, ready};
use crate::reactor::tcp_connection::member::MEMBERS;
use crate::reactor::tcp_connection::output::batch;
use crate::reactor::threads::thread_pool;
use crate::reactor::{client, tcp_connection};

/// The parts of every loop of this library.
pub static PARTS: Parts = Parts {
    members: &MEMBERS,

    flush: batch::flush,
    attend: Loop::attend_servers,
    run_ready: |iteration| ready::run_ready(iteration),
    close_ready: |iteration| ready::close_ready(iteration),
    end_holding: back_pressure::end_holding,
    tick,
    ticks,
    reap,

    free_servers,
    free_clients: client::free_all,
    close_connections,
    forget_waiting: ready::forget_waiting,
    free_shared: batch::free,

    has_threads,
    after_fork,
};

fn ticks(l: &Loop) -> bool {
    !l.lingering.get().is_null() || l.resting.get() > 0 || l.sweeps.get()
}

fn tick(l: &Loop, now: i64) {
    ready::end_lingering(l, now);
    l.wake_resting_listeners();
    if l.sweeps.get() {
        l.drain();
    }
}

fn reap(iteration: Iteration) {
    // SAFETY: nothing borrows the outermost iteration any more, and callbacks of the loop run within one.
    unsafe { close::reap(&iteration) }
}

fn free_servers(l: &Loop) {
    l.free_servers();
    // SAFETY: on the loop's thread, as all phases.
    unsafe { thread_pool::free_all_of(l.as_c()) }
}

fn close_connections(l: &Loop) -> bool {
    let mut some = false;
    tcp_connection::member::roster(l).each(|conn| {
        ready::close_in_pass(conn, CloseReason::Stopped);
        some = true;
    });
    some
}

fn has_threads(l: &Loop) -> bool {
    // SAFETY: on the loop's thread, or on the only thread of a child process.
    unsafe { thread_pool::has_threads(l.as_c()) }
}

fn after_fork(l: &Loop) {
    l.leave_server_files();
    batch::forget(l);
}
