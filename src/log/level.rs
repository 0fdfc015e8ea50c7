//! Which lines are logged: the level that the program set, or else that of YOLANDA_LOG.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::{DEBUG, ERR, MSG, WARN};
use crate::abi::yolanda::log::{YOLANDA_LOG_ENVIRONMENT, YOLANDA_LOG_OFF};
use crate::sys::{environment, errno};

/// The lowest severity that is logged. `UNREAD` is below all others, so that it leads to the slow
/// path.
static LEVEL: AtomicI32 = AtomicI32::new(UNREAD);
const UNREAD: c_int = YOLANDA_LOG_ENVIRONMENT;

/// Whether a line of this severity is logged. An unknown severity counts as LOG_MSG_TYPE.
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
    // Another thread may have set a level in between: it takes precedence over the environment.
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

/// Sets the level, or reverts to that of the environment. False for an invalid level.
pub fn set_level(level: c_int) -> bool {
    let known = (YOLANDA_LOG_ENVIRONMENT..=YOLANDA_LOG_OFF).contains(&level);
    if known {
        LEVEL.store(level, Relaxed);
    }
    known
}

/// The effective level.
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
