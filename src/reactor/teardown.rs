//! The end of a loop: what it has is closed and freed, in the order in which things depend on each
//! other. Its memory stays until nobody refers to it any more.

use super::loop_state::{self, channel_at, of};
use super::{
    client, event_loop as event_loops, pass, pending, registry, roster, signals, tcp_connection,
    tcp_server, thread_pool, utils,
};
use crate::abi::types::event_loop;
use crate::http::http_server;

/// Rounds of closing: who always posts or opens something new doesn't keep a loop for ever.
const ROUNDS: u32 = 10;

/// Frees a loop. What was posted is still run, and connections get their closed callbacks.
///
/// # Safety
/// The loop's thread, outside of its callbacks, or any thread once that one has ended.
pub unsafe fn free_loop(l: *mut event_loop) {
    // SAFETY: as said; the owner's reference is given up at the very end.
    unsafe {
        utils::take_over(l);
        finish(l);
        forget_channels(l);
        signals::forget_loop(l);
        http_server::free_loop_state(event_loops::http_slot(l));
        event_loops::release_parts(of(l));
        loop_state::give_up(l);
    }
}

/// Ends what a loop does: its servers and their threads, what was posted, its connections, its
/// clients. Nothing can be posted afterwards.
///
/// # Safety
/// On the loop's thread, outside of its callbacks.
pub unsafe fn finish(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        tcp_server::free_all_of(l);
        thread_pool::free_all_of(l);
        pending::refuse_others(l);
        for _ in 0..ROUNDS {
            if !round(l) {
                client::free_all_of(l);
                if pending::shut_if_empty(l) {
                    return;
                }
            }
        }
        pending::shut(l);
        // What was accepted until then is run, too.
        while round(l) {}
        client::free_all_of(l);
    }
}

/// Runs what is queued and closes connections; whether there were any.
unsafe fn round(l: *mut event_loop) -> bool {
    // SAFETY: on the loop's thread, outside of its callbacks.
    unsafe {
        let mut some = false;
        pass::within(l, || {
            pending::run(l);
            some = close_connections(l);
        });
        pass::within(l, || tcp_connection::forget_waiting(l));
        some
    }
}

/// Closes the loop's connections; whether there were any.
unsafe fn close_connections(l: *mut event_loop) -> bool {
    let mut some = false;
    // SAFETY: on the loop's thread, which alone ends its connections.
    unsafe {
        roster::each(l, |conn| {
            tcp_connection::close_in_pass(conn, libc::ESHUTDOWN);
            some = true;
        });
    }
    some
}

/// Forgets the program's channels; they stay the program's.
unsafe fn forget_channels(l: *mut event_loop) {
    // SAFETY: on the loop's thread; channels aren't looked at.
    unsafe {
        for fd in 0..(*(*l).channelMap).nentries {
            let ch = channel_at(l, fd);
            if !ch.is_null() {
                registry::leave_channel(fd, ch);
            }
        }
    }
}
