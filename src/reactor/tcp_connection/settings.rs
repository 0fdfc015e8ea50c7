//! A program's settings for a connection, or for all connections of a server or client: time limits, memory
//! limits, water marks, TCP options.

#![forbid(unsafe_code)]
use crate::abi::types::{
    YOLANDA_IDLE_BOTH, YOLANDA_IDLE_RECEIVED, YOLANDA_IDLE_SENT, yolanda_water_mark_callback,
};

use crate::sys::explained::explain;
use crate::sys::{errno, socket};

use libc::c_int;

pub use crate::abi::types::{YOLANDA_LIMIT_CLOSE as CLOSE, YOLANDA_LIMIT_REFUSE as REFUSE};

/// Milliseconds; 0 means no limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub idle: i64,
    pub read: i64,
    pub write: i64,
}

/// Which bytes keep a connection from being idle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Both,
    Received,
    Sent,
}

/// Bytes; 0 means the library's limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_queued: usize,
    pub max_unread: usize,
    pub policy: c_int,
}

/// Bytes of the queue; `high` 0 means off.
#[derive(Clone, Copy)]
pub struct Marks {
    pub low: usize,
    pub high: usize,
    pub on_low: yolanda_water_mark_callback,
    pub on_high: yolanda_water_mark_callback,
}

/// Seconds and probes as in tcp(7). `idle` 0 means off; for the others 0 means the system's setting.
#[derive(Clone, Copy)]
pub struct Keepalive {
    pub idle: c_int,
    pub interval: c_int,
    pub count: c_int,
}

#[derive(Clone, Copy)]
pub struct Settings {
    pub timeouts: Timeouts,
    pub idle_direction: Direction,
    pub limits: Limits,
    pub marks: Marks,
    pub nodelay: bool,
    pub keepalive: Keepalive,
}

impl Settings {
    /// The settings of a connection for which nothing was set.
    pub const DEFAULT: Settings = Settings {
        timeouts: Timeouts { idle: 0, read: 0, write: 0 },
        idle_direction: Direction::Both,
        limits: Limits { max_queued: 0, max_unread: 0, policy: CLOSE },
        marks: Marks { low: 0, high: 0, on_low: None, on_high: None },
        nodelay: false,
        keepalive: Keepalive { idle: 0, interval: 0, count: 0 },
    };
}

/// Returns 0, or -1 with EINVAL for a negative time.
pub fn set_timeouts(to: &mut Settings, idle_ms: i64, read_ms: i64, write_ms: i64) -> c_int {
    if idle_ms < 0 || read_ms < 0 || write_ms < 0 {
        let why = explain!(
            libc::EINVAL,
            "idle_ms is {idle_ms}, read_ms is {read_ms}, write_ms is {write_ms}"
        );
        return errno::fail(why);
    }
    to.timeouts = Timeouts { idle: idle_ms, read: read_ms, write: write_ms };
    0
}

/// Returns 0, or -1 with EINVAL for an unknown direction.
pub fn set_idle_direction(to: &mut Settings, direction: c_int) -> c_int {
    to.idle_direction = match direction {
        YOLANDA_IDLE_BOTH => Direction::Both,
        YOLANDA_IDLE_RECEIVED => Direction::Received,
        YOLANDA_IDLE_SENT => Direction::Sent,
        _ => return errno::fail(explain!(libc::EINVAL, "no direction has the number {direction}")),
    };
    0
}

/// Returns 0, or -1 with EINVAL for an unknown policy.
pub fn set_limits(to: &mut Settings, max_queued: usize, max_unread: usize, policy: c_int) -> c_int {
    if policy != CLOSE && policy != REFUSE {
        return errno::fail(explain!(libc::EINVAL, "no policy has the number {policy}"));
    }
    to.limits = Limits { max_queued, max_unread, policy };
    0
}

/// Returns 0, or -1 with EINVAL if the low mark isn't below the high one. `high` 0 means off.
pub fn set_water_marks(
    to: &mut Settings,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    if high != 0 && low >= high {
        return errno::fail(explain!(libc::EINVAL, "low is {low}, high is {high}"));
    }
    to.marks =
        if high == 0 { Settings::DEFAULT.marks } else { Marks { low, high, on_low, on_high } };
    0
}

/// Always returns 0.
pub fn set_nodelay(to: &mut Settings, on: c_int) -> c_int {
    to.nodelay = on != 0;
    0
}

/// Returns 0, or -1 with EINVAL for values that the kernel doesn't accept (tcp(7)).
pub fn set_keepalive(to: &mut Settings, idle_s: c_int, interval_s: c_int, count: c_int) -> c_int {
    let seconds = 0..=socket::KEEPALIVE_SECONDS_MAX;
    let probes = 0..=socket::KEEPALIVE_PROBES_MAX;
    if !seconds.contains(&idle_s) || !seconds.contains(&interval_s) || !probes.contains(&count) {
        let why = explain!(
            libc::EINVAL,
            "idle_s is {idle_s}, interval_s is {interval_s}, count is {count}"
        );
        return errno::fail(why);
    }
    to.keepalive = Keepalive { idle: idle_s, interval: interval_s, count };
    0
}
