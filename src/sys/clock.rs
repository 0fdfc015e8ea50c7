//! The clocks of the system. The coarse ones are cheap to read, and late by a few milliseconds at most.

use core::mem;

fn read(clock: libc::clockid_t) -> libc::timespec {
    // SAFETY: fills the struct that it is given; zero is a valid value of it.
    unsafe {
        let mut time: libc::timespec = mem::zeroed();
        libc::clock_gettime(clock, &mut time);
        time
    }
}

/// Milliseconds of the monotonic clock, read coarsely.
pub fn now_ms() -> i64 {
    let time = read(libc::CLOCK_MONOTONIC_COARSE);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// Nanoseconds of the monotonic clock: the clock on the wall may jump.
pub fn now_ns() -> i64 {
    let time = read(libc::CLOCK_MONOTONIC);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Seconds since 1970-01-01, in UTC, read coarsely.
pub fn second() -> i64 {
    read(libc::CLOCK_REALTIME_COARSE).tv_sec
}

/// Microseconds since 1970-01-01, in UTC.
pub fn wall_us() -> i64 {
    let time = read(libc::CLOCK_REALTIME);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
