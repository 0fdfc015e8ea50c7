//! The end of a server.

use super::server_events;
use super::{FREED, Server, absent, drain, limit, listener, of, stop};
use crate::abi::types::{TCPserver, event_loop};
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::event_loop::{budget, iteration, owner};
use crate::reactor::tcp_server::server_events::{ENDED, ENDING, ROOM};
use crate::reactor::tcp_server::stop::Waiting;
use crate::reactor::threads::thread_pool;
use crate::sys::errno;
use libc::c_int;
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

pub unsafe extern "C-unwind" fn yolanda_server_free(server: *mut TCPserver) -> c_int {
    if absent("yolanda_server_free", server) {
        return -1;
    }
    // SAFETY: a live server.
    unsafe {
        if !owner::on_owner((*server).eventLoop.get()) {
            return errno::fail(libc::EPERM);
        }
        free(of(server))
    }
}

/// Frees a server. 0, or -1 with EDEADLK when one of its threads waits for this one: it stays then.
///
/// # Safety
/// A live server on its loop's thread.
unsafe fn free(server: *mut Server) -> c_int {
    // SAFETY: the owner's reference keeps the memory until the end.
    unsafe {
        let l = (*server).listener.l.get();
        // First: threads that haven't ended yet accept no more.
        let before = (*server).state.swap(FREED, SeqCst);
        // Each thread closes what it has of this server.
        let pool = (*server).pool.get();
        if !pool.is_null() && thread_pool::free(pool) < 0 {
            (*server).state.store(before, SeqCst);
            // Connections that closed meanwhile found nobody to tell.
            server_events::call(l, ENDED | ROOM);
            return -1;
        }
        (*server).pool.set(ptr::null_mut());
        if (*server).public.threadPool.get() == pool {
            (*server).public.threadPool.set(ptr::null_mut());
        }
        stop::take(server);
        // First: a listener stays on its loop as long as it has clients.
        stop::drop_waiting(server);
        stop::close_sockets(server, Waiting::Reset);
        server_events::call_all(server, ENDING);
        unlist(server);
        // No more callbacks but the closed one; outside of callbacks that comes now.
        budget::while_freeing(l, || iteration::within(l, || drain::all(l)));
        limit::let_go(server);
    }
    0
}

unsafe fn unlist(server: *mut Server) {
    // SAFETY: the list is the loop's thread's.
    unsafe {
        if !(*server).listed.replace(false) {
            return;
        }
        let mut link = (*loop_of((*server).listener.l.get())).servers.as_ptr();
        while !(*link).is_null() && *link != server {
            link = (**link).next.as_ptr();
        }
        if !(*link).is_null() {
            *link = (*server).next.get();
        }
    }
}

/// Frees the servers of a loop, and closes the sockets on which it accepts for others.
///
/// # Safety
/// On the loop's thread, outside of its callbacks.
pub unsafe fn free_all_of(l: *mut event_loop) {
    // SAFETY: listed servers are live; each takes itself off the list.
    unsafe {
        while !(*loop_of(l)).servers.get().is_null() {
            if free((*loop_of(l)).servers.get()) < 0 {
                break;
            }
        }
        iteration::within(l, || server_events::attend(l));
        listener::close_all(l);
    }
}

/// The files of unix sockets of a loop's servers aren't theirs to remove.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn leave_files(l: *mut event_loop) {
    // SAFETY: listed servers are live.
    unsafe {
        let mut server = (*loop_of(l)).servers.get();
        while !server.is_null() {
            (*server).file = None;
            server = (*server).next.get();
        }
    }
}
