//! The graceful stop: no new connections; those there are end when they are idle or when their time
//! is up; then the program is told.

use super::listener;
use super::server_events;
use super::{
    CUT, NEW, OVERDUE, RUNNING, STOPPED, STOPPING, Server, backlog, drain, enlist, of, usable,
};
use crate::abi::types::{TCPserver, event_loop, yolanda_server_callback, yolanda_timer};
use crate::reactor::event_loop::state::{count, of as loop_of};
use crate::reactor::event_loop::timers;
use crate::reactor::tcp_server::listener::Listener;
use crate::reactor::tcp_server::server_events::{ENDED, ENDING};
use crate::sys::{errno, listen, unix};
use libc::{c_int, c_void};
use std::mem;
use std::sync::atomic::Ordering::SeqCst;

/// What the connections' last turns may take together, behind the deadline.
const LAST_TURNS_MS: i64 = 20;

/// Who is told when a stop is over.
pub struct Stop {
    pub done: yolanda_server_callback,
    pub data: *mut c_void,
    /// Runs until the deadline, and then for the last turns; 0: none.
    pub timer: yolanda_timer,
}

impl Stop {
    pub const NONE: Stop = Stop { done: None, data: std::ptr::null_mut(), timer: 0 };
}

pub unsafe extern "C-unwind" fn yolanda_server_stop(
    server: *mut TCPserver,
    deadline_ms: i64,
    done: yolanda_server_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable("yolanda_server_stop", server) < 0 {
            return -1;
        }
        if deadline_ms < -1 {
            return errno::fail(libc::EINVAL);
        }
        let own = of(server);
        let before = (*own).state.load(SeqCst);
        match before {
            NEW | RUNNING => {}
            STOPPING | OVERDUE | CUT => return errno::fail(libc::EALREADY),
            _ => return errno::fail(libc::ESHUTDOWN),
        }
        let mut timer = 0;
        if deadline_ms > 0 {
            let l = (*own).listener.l.get();
            timer = timers::start(l, deadline_ms, 0, Some(on_deadline), own.cast());
            if timer == 0 {
                return errno::fail(libc::ENOMEM);
            }
        }
        if !(*own).listed.get() {
            enlist(own);
        }
        (*own).stop = Stop { done, data, timer };
        (*own).state.store(if deadline_ms == 0 { CUT } else { STOPPING }, SeqCst);
        // Who waits is served in the time that is left, which may be none.
        let take = before == RUNNING && deadline_ms != 0;
        close_sockets(own, if take { Waiting::Taken } else { Waiting::Reset });
        server_events::call_all(own, ENDING | ENDED);
        if deadline_ms == 0 {
            // No more callbacks but the closed one, in the pass.
            drain::all((*own).listener.l.get());
        }
    }
    0
}

/// What becomes of the clients that wait to be accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    Taken,
    /// The kernel does that when the socket closes.
    Reset,
}

/// Refuses clients from now on, whatever thread they would come to.
///
/// # Safety
/// A live server that accepts no more, on its loop's thread.
pub unsafe fn close_sockets(server: *mut Server, waiting: Waiting) {
    // SAFETY: as said; the other listeners are closed by their own threads.
    unsafe {
        let take = |listener| {
            if waiting == Waiting::Taken {
                backlog::take(listener);
            }
        };
        let acceptor = (*server).public.acceptor.get();
        if (*server).listener.fd.get() < 0
            && (*server).owns_acceptor.get()
            && (*server).others.get().is_null()
        {
            // Never started.
            listener::set_socket(&raw mut (*server).listener, (*acceptor).listen_fd.get());
        }
        let closed = [&raw mut (*server).listener, (*server).others.get()];
        for listener in closed {
            if !listener.is_null() && !acceptor.is_null() {
                let at = (*acceptor).listen_fd.as_ptr();
                if *at >= 0 && *at == (*listener).fd.get() {
                    *at = -1;
                }
            }
        }
        let at = &raw mut (*server).listener;
        let close = || {
            take(at);
            listener::end(at);
        };
        match ((*server).address, (*server).file.take()) {
            (Some(address), Some(file)) => unix::retire(&address, file, close),
            _ => close(),
        }
        for i in 0..(*server).others_len.get() {
            let other = (*server).others.get().add(i);
            take(other);
            (*other).backlog.while_open(|| {
                if listener::is_open(other) {
                    listen::refuse((*other).fd.get());
                }
            });
        }
        (*server).reserve.give_up();
    }
}

/// Gives up the clients for which no connection was made yet.
///
/// # Safety
/// A live server that accepts no more, on its loop's thread.
pub unsafe fn drop_waiting(server: *mut Server) {
    // SAFETY: the array of listeners stays as it is from the start to the end of a live server.
    unsafe {
        backlog::drop_all(&raw mut (*server).listener);
        (0..(*server).others_len.get())
            .for_each(|i| backlog::drop_all((*server).others.get().add(i)));
    }
}

/// Whether a thread may be about to count another connection. To be asked before the count is looked
/// at: whoever begins later finds that the server is stopping.
unsafe fn is_accepting(server: *mut Server) -> bool {
    let accepts = |listener: *mut Listener| {
        // SAFETY: a listener of a live server.
        unsafe { (*listener).accepting.load(SeqCst) }
    };
    // SAFETY: a live server.
    unsafe {
        accepts(&raw mut (*server).listener)
            || (0..(*server).others_len.get()).any(|i| accepts((*server).others.get().add(i)))
    }
}

unsafe extern "C-unwind" fn on_deadline(_: *mut event_loop, _: yolanda_timer, data: *mut c_void) {
    let server = data.cast::<Server>();
    // SAFETY: the timer is stopped before its server goes.
    unsafe {
        // Slow callbacks must not put the end off for long.
        let l = (*server).listener.l.get();
        (*server).stop.timer = timers::start(l, LAST_TURNS_MS, 0, Some(on_cut), data);
        let state = if (*server).stop.timer == 0 { CUT } else { OVERDUE };
        (*server).state.store(state, SeqCst);
        drop_waiting(server);
        server_events::call_all(server, ENDING);
    }
}

/// The last turns have had their time.
unsafe extern "C-unwind" fn on_cut(_: *mut event_loop, _: yolanda_timer, data: *mut c_void) {
    let server = data.cast::<Server>();
    // SAFETY: the timer is stopped before its server goes.
    unsafe {
        (*server).stop.timer = 0;
        (*server).state.store(CUT, SeqCst);
        server_events::call_all(server, ENDING);
    }
}

/// Ends a stop that runs: its timer is stopped, its callback handed over.
///
/// # Safety
/// A live server on its loop's thread.
pub unsafe fn take(server: *mut Server) -> Stop {
    // SAFETY: as said.
    unsafe {
        let stop = mem::replace(&mut (*server).stop, Stop::NONE);
        if stop.timer != 0 {
            timers::stop((*server).listener.l.get(), stop.timer);
        }
        stop
    }
}

/// Tells the program of the stops that are over.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn finish_all(l: *mut event_loop) {
    // SAFETY: the callback may free any server, so the list is begun anew after each.
    unsafe {
        let mut server = (*loop_of(l)).servers.get();
        while !server.is_null() {
            let state = (*server).state.load(SeqCst);
            if !matches!(state, STOPPING | OVERDUE | CUT)
                || is_accepting(server)
                || (*server).live.load(SeqCst) > 0
            {
                server = (*server).next.get();
                continue;
            }
            (*server).state.store(STOPPED, SeqCst);
            let stop = take(server);
            if let Some(done) = stop.done {
                count(&(*loop_of(l)).counts.callbacks, 1);
                done(server.cast(), stop.data);
            }
            server = (*loop_of(l)).servers.get();
        }
    }
}
