//! Waking a loop that waits: a byte through its socket pair.

use crate::abi::types::event_loop;
use crate::log::CText;
use crate::reactor::event_loop::state::{count, of};
use crate::sys::{errno, fd};
use libc::{c_int, c_void};

/// Writes the byte. Async-signal-safe; a full pipe already holds a wake-up. False when there is none now:
/// the loop looks by itself within a second.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn wake(l: *mut event_loop) -> bool {
    let _keep = errno::Keep::new();
    // SAFETY: one byte of static memory; the descriptor is the loop's.
    let n = unsafe { fd::send((*l).socketPair.get()[0], b"a".as_ptr(), 1, fd::More::Nothing) };
    n >= 0 || errno::get() == libc::EAGAIN
}

/// Wakes the loop unless a wake-up is on its way: many posts, one byte. A byte that can't be written (the
/// kernel is out of memory, say) is written by the next who wakes.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn wake_once(l: *mut event_loop) {
    // SAFETY: as said; the flag is atomic.
    unsafe {
        let flag = &(*of(l)).wake;
        if flag.raise() && !wake(l) {
            flag.failed();
        }
    }
}

/// The read callback of the loop's own end. The order is `wake_flag`'s: the bytes are taken, the
/// flag falls, and the pass looks at the queue.
pub unsafe extern "C-unwind" fn on_wake(data: *mut c_void) -> c_int {
    let l = data.cast::<event_loop>();
    let mut bytes = [0u8; 256];
    // SAFETY: `data` is the loop that registered this channel; the array has that length.
    unsafe {
        while fd::recv((*l).socketPair.get()[1], bytes.as_mut_ptr(), bytes.len())
            == bytes.len() as isize
        {}
        (*of(l)).wake.fall();
        count(&(*of(l)).counts.wakeups, 1);
        log_msg!("wakeup, {}", CText((*l).thread_name.get()));
    }
    0
}
