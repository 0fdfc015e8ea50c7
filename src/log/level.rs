//! Which lines are written: the level that the program set by call, or else YOLANDA_LOG's.

use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::{DEBUG, ERR, MSG, WARN};
use crate::abi::yolanda::log::{YOLANDA_LOG_ENVIRONMENT, YOLANDA_LOG_OFF};
use crate::sys::errno;

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
    // SAFETY: a NUL-terminated name; the value is read at once, before anything else runs here.
    let value = unsafe {
        let value = libc::getenv(c"YOLANDA_LOG".as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))
    };
    let level = level_of(value.map_or(b"", CStr::to_bytes));
    // Another thread may have set one meanwhile: a call goes before the environment.
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

pub unsafe extern "C" fn yolanda_log_set_level(level: c_int) -> c_int {
    if !(YOLANDA_LOG_ENVIRONMENT..=YOLANDA_LOG_OFF).contains(&level) {
        return errno::fail(libc::EINVAL);
    }
    LEVEL.store(level, Relaxed);
    0
}

pub unsafe extern "C" fn yolanda_log_level() -> c_int {
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
