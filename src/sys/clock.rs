//! The system's clocks. The coarse ones are cheap to read and lag by a few milliseconds at most.

use core::mem;

fn read(clock: libc::clockid_t) -> libc::timespec {
    // SAFETY: clock_gettime fills the struct, for which all zeroes are a valid value.
    unsafe {
        let mut time: libc::timespec = mem::zeroed();
        libc::clock_gettime(clock, &mut time);
        time
    }
}

/// The coarse monotonic clock in milliseconds.
pub fn now_ms() -> i64 {
    let time = read(libc::CLOCK_MONOTONIC_COARSE);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// The monotonic clock in nanoseconds. It doesn't jump when the system's time is set.
pub fn now_ns() -> i64 {
    let time = read(libc::CLOCK_MONOTONIC);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Seconds since 1970-01-01 UTC, from the coarse clock.
pub fn second() -> i64 {
    read(libc::CLOCK_REALTIME_COARSE).tv_sec
}

/// Microseconds since 1970-01-01 UTC.
pub fn wall_us() -> i64 {
    let time = read(libc::CLOCK_REALTIME);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
