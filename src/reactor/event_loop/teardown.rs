//! The end of a loop: what it has is closed and freed, in the order in which things depend on each
//! other. Its memory stays until nobody refers to it any more.

use super::state;
use super::{budget, create as event_loops, iteration, owner, posts, registry, roster, signals};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::{channel_at, of};
use crate::reactor::threads::thread_pool;
use crate::reactor::{client, tcp_connection, tcp_server};

/// Rounds of closing: who always posts or opens something new doesn't keep a loop for ever.
const ROUNDS: u32 = 10;

/// Frees a loop. What was posted is still run, and connections get their closed callbacks.
///
/// # Safety
/// The loop's thread, outside of its callbacks, or any thread once that one has ended.
pub unsafe fn free_loop(l: *mut event_loop) {
    // SAFETY: as said; the owner's reference is given up at the very end.
    unsafe {
        owner::take_over(l);
        finish(l);
        forget_channels(l);
        signals::forget_loop(l);
        (*of(l)).free_attachment();
        event_loops::release_parts(of(l));
        state::give_up(l);
    }
}

/// Ends what a loop does: its servers and their threads, what was posted, its connections, its
/// clients. Nothing can be posted afterwards.
///
/// # Safety
/// On the loop's thread, outside of its callbacks.
pub unsafe fn finish(l: *mut event_loop) {
    // SAFETY: as said; its memory is given up later.
    unsafe { budget::while_freeing(l, || end_all(l)) }
}

unsafe fn end_all(l: *mut event_loop) {
    // SAFETY: on the loop's thread, outside of its callbacks.
    unsafe {
        tcp_server::free_all_of(l);
        thread_pool::free_all_of(l);
        posts::refuse_others(l);
        for _ in 0..ROUNDS {
            if !round(l) {
                client::free_all_of(l);
                if posts::shut_if_empty(l) {
                    return;
                }
            }
        }
        posts::shut(l);
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
        iteration::within(l, || {
            posts::run(l);
            some = close_connections(l);
        });
        iteration::within(l, || tcp_connection::forget_waiting(l));
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
        for fd in 0..(*(*l).channelMap.get()).nentries.get() {
            let ch = channel_at(l, fd);
            if !ch.is_null() {
                registry::leave_channel(fd, ch);
            }
        }
    }
}
