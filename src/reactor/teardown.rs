//! The end of a loop: what it has is closed and freed, in the order in which things depend on each
//! other. Its memory stays until nobody refers to it any more.

use super::loop_state::{self, channel_at, of, registration};
use super::{client, event_loop as event_loops, pass, pending, registry, tcp_connection, utils};
use crate::abi::types::event_loop;
use crate::http::http_server;

/// Rounds of closing: callbacks that always open something new don't keep a loop for ever.
const ROUNDS: u32 = 100;

/// Frees a loop. What was posted is still run, and connections get their closed callbacks.
///
/// # Safety
/// The loop's thread, outside of its callbacks, or any thread once that one has ended.
pub unsafe fn free_loop(l: *mut event_loop) {
    // SAFETY: as said; the owner's reference is given up at the very end.
    unsafe {
        utils::take_over(l);
        close_all(l);
        client::free_all_of(l);
        pending::shut(l);
        // What was just thrown away may have held on to connections.
        pass::within(l, || ());
        forget_channels(l);
        http_server::free_loop_state(event_loops::http_slot(l));
        event_loops::release_parts(of(l));
        loop_state::give_up(l);
    }
}

/// Closes all connections and runs what is queued, until neither is left.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn close_all(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        for _ in 0..ROUNDS {
            let mut again = false;
            pass::within(l, || {
                pending::run(l);
                again = close_connections(l);
            });
            pass::within(l, || tcp_connection::forget_waiting(l));
            if !again && !(*of(l)).wake.has_queued() {
                break;
            }
        }
    }
}

/// Closes the connections that are registered; whether there were any.
unsafe fn close_connections(l: *mut event_loop) -> bool {
    // SAFETY: on the loop's thread; the map is looked at afresh for each number.
    unsafe {
        let mut some = false;
        for fd in 0..(*(*l).channelMap).nentries {
            let ch = channel_at(l, fd);
            let reg = registration(l, fd);
            if !ch.is_null() && !reg.is_null() && (*reg).connection {
                tcp_connection::close_in_pass(tcp_connection::around(ch), libc::ESHUTDOWN);
                some = true;
            }
        }
        some
    }
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
