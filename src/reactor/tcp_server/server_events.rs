//! Asking a loop to look at its servers, from any thread, without memory: it can't fail.

use super::listener;
use super::{Server, backlog, drain, stop};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::of;
use crate::reactor::event_loop::wakeup;
use crate::reactor::tcp_server::listener::Listener;
use crate::reactor::threads::thread_pool;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

/// There may be room for more connections.
pub const ROOM: u8 = 1;
/// A server is ending, and with it its listeners and connections on the loop.
pub const ENDING: u8 = 2;
/// The last connection of a server that is ending has closed.
pub const ENDED: u8 = 4;
/// A listener is to come to the loop.
const ARRIVING: u8 = 8;

/// Has the loop look in its next pass. Nothing happens once it was freed.
///
/// # Safety
/// The loop's memory is kept.
pub unsafe fn call(l: *mut event_loop, why: u8) {
    // SAFETY: as said.
    unsafe { call_with(l, why, ptr::null_mut()) };
}

/// Brings a listener to its loop, unless that was freed. It keeps its server until it is closed there.
///
/// # Safety
/// Nobody else has the listener.
pub unsafe fn send(listener: *mut Listener) {
    // SAFETY: the listener keeps its loop's memory, and it is its loop's thread's only if it was queued.
    unsafe {
        listener::keep_server(listener);
        if !call_with((*listener).l.get(), ARRIVING, listener) {
            listener::let_server_go(listener);
        }
    }
}

/// False where the loop was freed.
unsafe fn call_with(l: *mut event_loop, why: u8, listener: *mut Listener) -> bool {
    // SAFETY: the list is written under the loop's mutex, and while that is held the loop isn't
    // taken down.
    unsafe {
        let own = of(l);
        libc::pthread_mutex_lock((*l).mutex.get());
        let there = !(*own).gone.get();
        if there {
            if !listener.is_null() {
                (*listener).next.set((*own).arriving.get());
                (*own).arriving.set(listener);
            }
            (*own).attention.fetch_or(why, Release);
            wakeup::wake_once(l);
        }
        libc::pthread_mutex_unlock((*l).mutex.get());
        there
    }
}

/// Has every loop look that may have something of a server.
///
/// # Safety
/// A live server, on its loop's thread.
pub unsafe fn call_all(server: *mut Server, why: u8) {
    // SAFETY: as said; a pool's loops live until it is freed on this thread.
    unsafe {
        call((*server).listener.l.get(), why);
        let (own, public) = ((*server).pool.get(), (*server).public.threadPool.get());
        let other = if public == own { ptr::null_mut() } else { public };
        for pool in [own, other] {
            for i in 0..thread_pool::running(pool) {
                let l = thread_pool::loop_at(pool, i);
                if !l.is_null() {
                    call(l, why);
                }
            }
        }
    }
}

/// Looks at a loop's servers, if it was asked to.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn attend(l: *mut event_loop) {
    // SAFETY: the list of those that arrive is taken out under the mutex.
    unsafe {
        let own = of(l);
        if (*own).attention.load(Relaxed) == 0 {
            return;
        }
        let why = (*own).attention.swap(0, AcqRel);
        if why & ARRIVING != 0 {
            libc::pthread_mutex_lock((*l).mutex.get());
            let mut arriving = (*own).arriving.replace(ptr::null_mut());
            libc::pthread_mutex_unlock((*l).mutex.get());
            while !arriving.is_null() {
                let following = (*arriving).next.get();
                listener::arrive(arriving);
                arriving = following;
            }
        }
        if why & ROOM != 0 {
            listener::go_on(l);
        }
        if why & ENDING != 0 {
            listener::close_ending(l);
            backlog::serve(l);
            drain::all(l);
        }
        if why & ENDED != 0 {
            stop::finish_all(l);
        }
    }
}
