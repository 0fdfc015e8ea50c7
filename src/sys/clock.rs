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

/// Year, month from 0 and day of a day counted from 1970-01-01, in the Gregorian calendar: years
/// are taken to begin in March, so that the leap day is the last of its year.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 2 } else { march_month - 10 };
    (year_of_era + era * 400 + i64::from(month < 2), month, day)
}
