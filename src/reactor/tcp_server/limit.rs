//! How many connections a server has, and who needs its memory.

use super::server_events;
use super::{CUT, Listener, OVERDUE, STOPPING, Server};
use crate::reactor::event_loop::state;
use crate::reactor::tcp_server::server_events::{ENDED, ROOM};
use crate::sync::refs::Released;
use crate::sys::pool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

/// A connection's place among those that may be open.
pub struct Place {
    /// It was counted before the client was there.
    counted: bool,
}

impl Place {
    /// A client has come.
    ///
    /// # Safety
    /// A live server.
    pub unsafe fn keep(self, server: *mut Server) {
        if !self.counted {
            // SAFETY: as said.
            unsafe { (*server).live.fetch_add(1, SeqCst) };
        }
    }

    /// No client has come.
    ///
    /// # Safety
    /// A live server.
    pub unsafe fn give_back(self, server: *mut Server) {
        if self.counted {
            // SAFETY: as said.
            unsafe { left(server) };
        }
    }
}

/// A place for the next client; None when all are taken.
///
/// # Safety
/// A live server.
pub unsafe fn take_place(server: *mut Server) -> Option<Place> {
    // SAFETY: as said.
    unsafe {
        let max = i64::from((*server).max.load(Relaxed));
        if max == 0 {
            return Some(Place { counted: false });
        }
        let more = |live: i64| (live < max).then_some(live + 1);
        let counted = (*server).live.fetch_update(SeqCst, SeqCst, more).is_ok();
        counted.then_some(Place { counted })
    }
}

unsafe fn has_room(server: *mut Server) -> bool {
    // SAFETY: a live server.
    unsafe {
        let max = i64::from((*server).max.load(SeqCst));
        max == 0 || (*server).live.load(SeqCst) < max
    }
}

/// Says that a listener waits for room, and whether there is some now. The order matters: `left`
/// counts first and looks for the notice then, so that one of the two sees the other.
///
/// # Safety
/// A live server.
pub unsafe fn has_room_after_notice(server: *mut Server) -> bool {
    // SAFETY: as said.
    unsafe {
        (*server).full.store(true, SeqCst);
        has_room(server)
    }
}

/// Has the listeners that wait look again. Any thread.
///
/// # Safety
/// A live server.
pub unsafe fn room_has_changed(server: *mut Server) {
    // SAFETY: the listeners' array stays as it is once the server runs; each keeps its loop.
    unsafe {
        if !(*server).full.swap(false, SeqCst) {
            return;
        }
        server_events::call((*server).listener.l.get(), ROOM);
        for i in 0..(*server).others_len.get() {
            server_events::call((*(*server).others.get().add(i)).l.get(), ROOM);
        }
    }
}

/// A connection has closed. Any thread.
///
/// # Safety
/// A server whose memory is kept.
pub unsafe fn left(server: *mut Server) {
    // SAFETY: as said.
    unsafe {
        let was = (*server).live.fetch_sub(1, SeqCst);
        room_has_changed(server);
        // As with `full`: who ends a server sets the state first and looks at the count then.
        if was == 1 && matches!((*server).state.load(SeqCst), STOPPING | OVERDUE | CUT) {
            server_events::call((*server).listener.l.get(), ENDED);
        }
    }
}

/// Keeps the server's memory.
///
/// # Safety
/// Somebody's reference keeps it meanwhile.
pub unsafe fn hold(server: *mut Server) {
    // SAFETY: as said. Connections are fewer than the count has room for.
    unsafe { (*server).refs.retain() };
}

/// Lets the server's memory go; the last one frees it. Any thread.
///
/// # Safety
/// The reference is one of `hold`, and isn't used any more.
pub unsafe fn release(server: *mut Server) {
    // SAFETY: as said.
    unsafe {
        if (*server).refs.release() == Released::Last {
            dispose(server);
        }
    }
}

/// The owner's own end of `release`.
///
/// # Safety
/// Once, by the owner.
pub unsafe fn let_go(server: *mut Server) {
    // SAFETY: as said.
    unsafe {
        if (*server).refs.let_go() == Released::Last {
            dispose(server);
        }
    }
}

unsafe fn dispose(server: *mut Server) {
    // SAFETY: nobody else has the pointer, and all sockets are closed.
    unsafe {
        state::release((*server).listener.l.get());
        (*server).listener.backlog.dispose();
        let others = (*server).others.get();
        for i in 0..(*server).others_len.get() {
            state::release((*others.add(i)).l.get());
            (*others.add(i)).backlog.dispose();
        }
        if !others.is_null() {
            pool::free(others.cast(), (*server).others_len.get() * size_of::<Listener>());
        }
        if (*server).owns_acceptor.get() {
            libc::free((*server).made_acceptor.get().cast());
        }
        let block = (*server).block.get();
        libc::free(server.cast());
        if let Some((block, dispose)) = block {
            dispose(block);
        }
    }
}
