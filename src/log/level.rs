//! Which lines are written: the level that the program set by call, or else YOLANDA_LOG's.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::{DEBUG, ERR, MSG, WARN};
use crate::abi::yolanda::log::{YOLANDA_LOG_ENVIRONMENT, YOLANDA_LOG_OFF};
use crate::sys::{environment, errno};

/// The lowest severity that is written; `UNREAD` lies below all, so that it leads to the slow path.
static LEVEL: AtomicI32 = AtomicI32::new(UNREAD);
const UNREAD: c_int = YOLANDA_LOG_ENVIRONMENT;

/// Whether a line of this severity is written. An unknown severity counts as msg.
#[inline(always)]
pub fn enabled(severity: c_int) -> bool {
    let severity = if (DEBUG..=ERR).contains(&severity) { severity } else { MSG };
    let level = LEVEL.load(Relaxed);
    severity >= level && (level != UNREAD || severity >= read())
}

#[cold]
fn read() -> c_int {
    let keep = errno::Keep::new();
    let level = environment::variable(c"YOLANDA_LOG", level_of);
    // Another thread may have set one meanwhile: a call takes precedence over the environment.
    let level = match LEVEL.compare_exchange(UNREAD, level, Relaxed, Relaxed) {
        Ok(_) => level,
        Err(set) => set,
    };
    drop(keep);
    level
}

fn level_of(value: &[u8]) -> c_int {
    match value {
        b"off" => YOLANDA_LOG_OFF,
        b"err" => ERR,
        b"warn" => WARN,
        b"msg" => MSG,
        _ => DEBUG,
    }
}

/// Sets the level, or gives it back to the environment. False for a number that is no level.
pub fn set_level(level: c_int) -> bool {
    let known = (YOLANDA_LOG_ENVIRONMENT..=YOLANDA_LOG_OFF).contains(&level);
    if known {
        LEVEL.store(level, Relaxed);
    }
    known
}

/// The level in effect.
pub fn level() -> c_int {
    match LEVEL.load(Relaxed) {
        UNREAD => read(),
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_name() {
        assert_eq!(level_of(b"off"), YOLANDA_LOG_OFF);
        assert_eq!(level_of(b"err"), ERR);
        assert_eq!(level_of(b"debug"), DEBUG);
        assert_eq!(level_of(b""), DEBUG);
        assert_eq!(level_of(b"loud"), DEBUG);
    }
}
