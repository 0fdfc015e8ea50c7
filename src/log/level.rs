//! Which lines are written: the level that the program set by call, or else YOLANDA_LOG's, or else what the
//! style of the program has.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering::Relaxed};

use super::{DEBUG, ERR, MSG, WARN};
use crate::abi::yolanda::log::{YOLANDA_LOG_ENVIRONMENT, YOLANDA_LOG_OFF};
use crate::sys::{environment, errno};

/// The lowest severity that is written; `UNREAD` lies below all, so that it leads to the slow path.
struct Level(AtomicI32);

const UNREAD: c_int = YOLANDA_LOG_ENVIRONMENT;

/// For the lines of the library.
static OWN: Level = Level(AtomicI32::new(UNREAD));
/// For those that the program writes with yolanda_log() and the like.
static PROGRAM: Level = Level(AtomicI32::new(UNREAD));

/// What the library's lines are like, which the program's first loop decides.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Style {
    Undecided,
    /// As the course's programs know them: everything, on stdout.
    Course,
    /// Warnings and errors, on stderr.
    Quiet,
}

static STYLE: AtomicU8 = AtomicU8::new(Style::Undecided as u8);
/// The program has set a level by call.
static IS_SET: AtomicBool = AtomicBool::new(false);

impl Level {
    #[inline(always)]
    fn allows(&self, severity: c_int, default: fn() -> c_int) -> bool {
        let severity = if (DEBUG..=ERR).contains(&severity) { severity } else { MSG };
        let level = self.0.load(Relaxed);
        severity >= level && (level != UNREAD || severity >= self.read(default))
    }

    #[cold]
    fn read(&self, default: fn() -> c_int) -> c_int {
        let keep = errno::Keep::new();
        let level = environment::variable(c"YOLANDA_LOG", level_of).unwrap_or_else(default);
        // Another thread may have set one meanwhile: a call takes precedence over the environment.
        let level = match self.0.compare_exchange(UNREAD, level, Relaxed, Relaxed) {
            Ok(_) => level,
            Err(set) => set,
        };
        drop(keep);
        level
    }
}

/// Whether a line of the library is written. An unknown severity counts as msg.
#[inline(always)]
pub fn enabled(severity: c_int) -> bool {
    OWN.allows(severity, || if is_quiet() { WARN } else { DEBUG })
}

/// Whether a line of the program is written. An unknown severity counts as msg.
pub fn program_enabled(severity: c_int) -> bool {
    PROGRAM.allows(severity, || DEBUG)
}

/// Whether the library's lines go to stderr.
pub fn is_quiet() -> bool {
    STYLE.load(Relaxed) == Style::Quiet as u8
}

/// The program makes a loop as the course's programs do.
pub fn course_style() {
    decide(Style::Course);
}

/// The program makes a loop with a function that the course doesn't have.
pub fn quiet_style() {
    if decide(Style::Quiet) && !IS_SET.load(Relaxed) {
        OWN.0.store(UNREAD, Relaxed);
    }
}

/// False where it was decided before.
fn decide(style: Style) -> bool {
    let undecided = Style::Undecided as u8;
    STYLE.load(Relaxed) == undecided
        && STYLE.compare_exchange(undecided, style as u8, Relaxed, Relaxed).is_ok()
}

/// None for another value, which counts as none.
fn level_of(value: &[u8]) -> Option<c_int> {
    match value {
        b"off" => Some(YOLANDA_LOG_OFF),
        b"err" => Some(ERR),
        b"warn" => Some(WARN),
        b"msg" => Some(MSG),
        b"debug" => Some(DEBUG),
        _ => None,
    }
}

/// Sets the level, or reverts to that of the environment. False for an invalid level.
pub fn set_level(level: c_int) -> bool {
    let known = (YOLANDA_LOG_ENVIRONMENT..=YOLANDA_LOG_OFF).contains(&level);
    if known {
        IS_SET.store(level != YOLANDA_LOG_ENVIRONMENT, Relaxed);
        OWN.0.store(level, Relaxed);
        PROGRAM.0.store(level, Relaxed);
    }
    known
}

/// The level in effect for the program's lines.
pub fn level() -> c_int {
    match PROGRAM.0.load(Relaxed) {
        UNREAD => PROGRAM.read(|| DEBUG),
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_name() {
        assert_eq!(level_of(b"off"), Some(YOLANDA_LOG_OFF));
        assert_eq!(level_of(b"err"), Some(ERR));
        assert_eq!(level_of(b"debug"), Some(DEBUG));
        assert_eq!(level_of(b""), None);
        assert_eq!(level_of(b"loud"), None);
    }
}
