//! The clocks that the kernel keeps at its ticks: cheap to read, and late by a few milliseconds at most.

fn read(clock: libc::clockid_t) -> libc::timespec {
    // SAFETY: zero is a valid value of a timespec, and the kernel writes nothing but that struct.
    unsafe {
        let mut t: libc::timespec = core::mem::zeroed();
        libc::clock_gettime(clock, &mut t);
        t
    }
}

/// Milliseconds of the monotonic clock.
pub fn now_ms() -> i64 {
    let t = read(libc::CLOCK_MONOTONIC_COARSE);
    t.tv_sec as i64 * 1000 + t.tv_nsec as i64 / 1_000_000
}

/// Seconds since 1970-01-01, in UTC.
pub fn second() -> i64 {
    read(libc::CLOCK_REALTIME_COARSE).tv_sec
}

/// Microseconds of an exact clock: CLOCK_MONOTONIC or CLOCK_REALTIME.
pub fn microseconds(clock: libc::clockid_t) -> u64 {
    let t = read(clock);
    t.tv_sec as u64 * 1_000_000 + t.tv_nsec as u64 / 1000
}
