//! The functions for a program's control of a connection: closing, reading, limits, TCP options.

#![forbid(unsafe_code)]

use super::Connection;
use super::close_reason::CloseReason;
use super::cold_state::ColdState;
use super::input::pause;
use super::lifecycle::phase::Phase;
use super::lifecycle::{close_request, completed, open, shutdown, timeouts};
use super::output::{batch, water_marks};
use super::posted;
use super::remote::Remote;
use super::settings::{Direction, Keepalive, Limits, Marks, Timeouts};
use crate::sys::{errno, socket};
use libc::c_int;

use super::settings::Settings;

impl Remote {
    /// Whether the calling thread may change the connection at the moment; else errno is ENOTCONN or EPERM.
    pub(super) fn may_be_changed(&self) -> bool {
        if !open::is_open_here(self) {
            errno::set(libc::ENOTCONN);
            return false;
        }
        self.may_be_looked_at()
    }

    /// Whether the calling thread may use what belongs to the connection's thread; else errno is EPERM.
    pub(super) fn may_be_looked_at(&self) -> bool {
        let may = match self.life.phase() {
            Phase::Made => completed::is_running(self),
            _ => self.event_loop().on_owner(),
        };
        if !may {
            errno::set(libc::EPERM);
        }
        may
    }

    /// Closes it on any thread, discarding the queue: 0, or -1 with errno.
    pub fn close(&self) -> c_int {
        close_request::close_from_anywhere(self, CloseReason::Canceled)
    }

    /// Closes it on any thread after its queue was sent, or after `limit_ms`: 0, or -1 with errno.
    pub fn close_within(&self, limit_ms: i64) -> c_int {
        if !open::is_open_here(self) {
            return errno::fail(libc::ENOTCONN);
        }
        let time = timeouts::in_ms(limit_ms);
        if let Some(conn) = self.here() {
            return shutdown::end_at(conn, time);
        }
        let Some(task) = posted::end(self, time) else {
            return errno::fail(libc::ENOMEM);
        };
        self.intake.shut();
        // If its loop is gone, it is closing or has closed.
        if self.event_loop().post(task) { 0 } else { errno::fail(libc::ENOTCONN) }
    }
}

impl Connection {
    /// Pauses reading for the program.
    pub fn pause(&self) {
        pause::pause(self);
    }

    /// Resumes reading for the program.
    pub fn resume(&self) {
        pause::resume(self);
    }

    pub fn set_nodelay(&self, on: bool) -> c_int {
        socket::set_nodelay(self.number.get(), on)
    }

    pub fn set_keepalive(&self, to: Keepalive) -> c_int {
        socket::set_keepalive(self.number.get(), to.idle, to.interval, to.count)
    }

    pub fn set_water_marks(&self, marks: Marks) -> c_int {
        self.set_cold(|cold| {
            water_marks::set(self, cold, marks);
            true
        })
    }

    pub fn set_limits(&self, limits: Limits) -> c_int {
        self.set_cold(|cold| {
            cold.set_limits(limits);
            true
        })
    }

    pub fn set_timeouts(&self, limits: Timeouts) -> c_int {
        self.set_cold(|cold| timeouts::set(self, cold, limits))
    }

    pub fn set_idle_direction(&self, direction: Direction) -> c_int {
        self.set_cold(|cold| timeouts::set_direction(self, cold, direction))
    }

    /// Sets a part of the cold state: 0, or -1 with ENOMEM.
    fn set_cold(&self, set: impl FnOnce(&ColdState) -> bool) -> c_int {
        batch::flush_of(self);
        match self.make_cold() {
            Some(cold) if set(cold) => 0,
            _ => errno::fail(libc::ENOMEM),
        }
    }

    /// Applies settings to a new connection. Options that this kind of socket doesn't have are skipped; there are
    /// no other errors, because the values have been checked. False if out of memory.
    pub fn apply(&self, from: &Settings) -> bool {
        let _keep = errno::Keep::new();
        let fd = self.number.get();
        if from.nodelay {
            socket::set_nodelay(fd, true);
        }
        if from.keepalive.idle > 0 {
            let Keepalive { idle, interval, count } = from.keepalive;
            socket::set_keepalive(fd, idle, interval, count);
        }
        if !are_needed(from) {
            return true;
        }
        let Some(cold) = self.make_cold() else {
            return false;
        };
        cold.set_limits(from.limits);
        water_marks::set(self, cold, from.marks);
        cold.times.direction.set(from.idle_direction);
        timeouts::set(self, cold, from.timeouts)
    }
}

/// Whether settings require cold state.
fn are_needed(s: &Settings) -> bool {
    let default = Settings::DEFAULT;
    s.timeouts != default.timeouts
        || s.idle_direction != default.idle_direction
        || s.limits != default.limits
        || s.marks.high != 0
}
