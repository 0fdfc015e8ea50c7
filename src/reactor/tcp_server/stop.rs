//! The graceful stop: no new connections are accepted, existing ones end when they are idle or when their time is
//! over, and then the program is told.

use super::phase::{Event, Phase};
use super::server_events::{ENDED, ENDING};
use super::{Server, servers};
use crate::abi::types::{event_loop, yolanda_server_callback, yolanda_timer};
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::{listen, unix};
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

/// The total time for the connections' last turns after the deadline.
const LAST_TURNS_MS: i64 = 20;

type OnTime = unsafe extern "C-unwind" fn(*mut event_loop, yolanda_timer, *mut c_void);

/// The callback for the end of a stop.
#[derive(Clone, Copy)]
pub struct Stop {
    done: yolanda_server_callback,
    data: *mut c_void,
    /// Runs until the deadline, and then for the last turns; 0 if there is none.
    timer: yolanda_timer,
}

impl Stop {
    pub const NONE: Stop = Stop { done: None, data: ptr::null_mut(), timer: 0 };
}

/// What happens to the clients that wait to be accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    Taken,
    /// The kernel resets them when the socket is closed.
    Reset,
}

impl Server {
    /// Begins to stop: connections have `deadline_ms` to end (0: no time, -1: any time), then `done` is called.
    pub fn stop(
        &self,
        deadline_ms: i64,
        done: yolanda_server_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        let before = self.phase();
        let event = if deadline_ms == 0 { Event::StopAtOnce } else { Event::Stop };
        if before.after(event).is_none() {
            return Err(if before.is_stopping() { libc::EALREADY } else { libc::ESHUTDOWN });
        }
        let mut timer = 0;
        if deadline_ms > 0 {
            timer = self.start_timer(deadline_ms, on_deadline);
            if timer == 0 {
                return Err(libc::ENOMEM);
            }
        }
        self.enlist();
        self.stop.set(Stop { done, data, timer });
        self.shared.life.advance(event);
        // Waiting clients are served within the remaining time, which may be none.
        let take = before == Phase::Running && deadline_ms != 0;
        self.close_sockets(if take { Waiting::Taken } else { Waiting::Reset });
        self.notify_all(ENDING | ENDED);
        if deadline_ms == 0 {
            // Only the closed callback is called after this, in the iteration.
            self.home().drain();
        }
        Ok(())
    }

    /// Refuses new clients on all threads. The other listeners are closed by their own threads.
    pub fn close_sockets(&self, waiting: Waiting) {
        let listeners = &self.shared.listeners;
        let own = &listeners.own;
        if let Some(acceptor) = self.acceptor() {
            let number = &acceptor.listen_fd;
            let never_started = own.fd.get() < 0 && listeners.others().is_empty();
            if never_started && !self.owned_acceptor.get().is_null() {
                own.set_socket(number.get());
            }
            for listener in listeners.all().take(2) {
                if number.get() >= 0 && number.get() == listener.fd.get() {
                    number.set(-1);
                }
            }
        }
        let close = || {
            if waiting == Waiting::Taken {
                own.take_backlog();
            }
            drop(own.end());
        };
        match (self.origin.address(), self.file.take()) {
            (Some(address), Some(file)) => unix::retire(address, file, close),
            _ => close(),
        }
        for other in listeners.others() {
            if waiting == Waiting::Taken {
                other.take_backlog();
            }
            other.backlog.while_open(|| {
                if other.is_open() {
                    listen::refuse(other.fd.get());
                }
            });
        }
        self.shared.give_up_reserve();
    }

    /// Closes the clients for which no connection was made yet.
    pub fn drop_waiting(&self) {
        self.shared.listeners.all().for_each(|listener| listener.drop_backlog());
    }

    /// Whether the running stop is complete. A thread that is accepting may be about to count another connection,
    /// so this is checked before the count: a thread that begins to accept later sees that the server is
    /// stopping.
    fn is_drained(&self) -> bool {
        let accepting = self.shared.listeners.all().any(|one| one.accepting.load(SeqCst));
        !accepting && self.shared.live.load(SeqCst) <= 0
    }

    /// Ends a running stop: its timer is stopped, and its callback is returned.
    pub fn take_stop(&self) -> Stop {
        let stop = self.stop.replace(Stop::NONE);
        if stop.timer != 0 {
            self.home().stop_timer(stop.timer);
        }
        stop
    }

    /// Starts a timer, which is stopped before the server is freed. 0 if out of memory.
    fn start_timer(&self, delay_ms: i64, on_time: OnTime) -> yolanda_timer {
        self.home().start_timer(delay_ms, 0, Some(on_time), self.as_c().cast())
    }

    fn deadline_is_over(&self) {
        // Slow callbacks must not delay the end for long.
        let timer = self.start_timer(LAST_TURNS_MS, on_cut);
        self.stop.set(Stop { timer, ..self.stop.get() });
        let event = if timer == 0 { Event::LastTurnsOver } else { Event::Deadline };
        self.shared.life.advance(event);
        self.drop_waiting();
        self.notify_all(ENDING);
    }

    /// The time for the last turns is over.
    fn cut(&self) {
        self.stop.set(Stop { timer: 0, ..self.stop.get() });
        self.shared.life.advance(Event::LastTurnsOver);
        self.notify_all(ENDING);
    }
}

unsafe extern "C-unwind" fn on_deadline(_: *mut event_loop, _: yolanda_timer, data: *mut c_void) {
    // SAFETY: `start_timer` passed the server, and the timer is stopped before that is freed.
    unsafe { Server::from_public(data.cast()) }.deadline_is_over();
}

unsafe extern "C-unwind" fn on_cut(_: *mut event_loop, _: yolanda_timer, data: *mut c_void) {
    // SAFETY: `start_timer` passed the server, and the timer is stopped before that is freed.
    unsafe { Server::from_public(data.cast()) }.cut();
}

impl Loop {
    /// Tells the program about stops that are complete.
    pub(super) fn finish_stops(&self) {
        // The callback may free any server, so the iteration over the list is restarted after each.
        while let Some(server) =
            servers(self).find(|server| server.phase().is_stopping() && server.is_drained())
        {
            server.shared.life.advance(Event::Drained);
            let stop = server.take_stop();
            let public = server.as_c();
            // The function may free the server, whose memory must then be freed.
            drop(server);
            if let Some(done) = stop.done {
                count(&self.counts.callbacks, 1);
                // SAFETY: the program set the function for this call.
                unsafe { done(public, stop.data) };
            }
        }
    }
}
