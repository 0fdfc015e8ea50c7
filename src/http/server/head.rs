//! The head callback of a server.

use core::mem::size_of;

use crate::http::message::head_hook::Hook;
use crate::sys::pool;

/// Frees a server's hook.
///
/// # Safety
/// NULL, or what nobody looks at any more.
pub unsafe fn free(hook: *mut Hook) {
    if !hook.is_null() {
        // SAFETY: it came from the pools, and nobody looks at it.
        unsafe { pool::free(hook.cast(), size_of::<Hook>()) };
    }
}

/// The hook of a server; none where it has none.
///
/// # Safety
/// NULL, or the hook of a live server.
pub unsafe fn of(hook: *const Hook) -> Hook {
    // SAFETY: the hook of a live server doesn't change once that has started.
    unsafe { hook.as_ref().map_or(Hook::NONE, |hook| *hook) }
}
