//! The functions of yolanda.h for channels.

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel};
use crate::sys::{errno, pool};
use core::ffi::c_int;

/// Returns the descriptor of a channel, which stays yours.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `channel` is NULL or a channel that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_channel_fd(channel: *mut channel) -> c_int {
    non_null!(channel, "yolanda_channel_fd: no channel", -1).fd.get()
}

/// Returns the events that a channel waits for: EVENT_READ, EVENT_WRITE, both, or 0.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `channel` is NULL or a channel that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_channel_events(channel: *mut channel) -> c_int {
    non_null!(channel, "yolanda_channel_events: no channel", -1).events.get()
}

/// Sets the events that a channel waits for: EVENT_READ, EVENT_WRITE, both, or 0. If the channel is in
/// a loop, they count from the next event_loop_update_channel_event() on.
///
/// Returns 0, or -1 with errno EINVAL for NULL and for other events.
///
/// # Safety
/// `channel` is NULL or a channel that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_channel_set_events(
    channel: *mut channel,
    events: c_int,
) -> c_int {
    let channel = non_null!(channel, "yolanda_channel_set_events: no channel", -1);
    if events & !(EVENT_READ | EVENT_WRITE) != 0 {
        return errno::fail(libc::EINVAL);
    }
    channel.events.set(events);
    0
}

/// Frees a channel of channel_new(). Its descriptor stays yours.
///
/// Returns 0, or -1 with errno, and then nothing was freed: EINVAL for NULL and for the channel of a
/// connection, EBUSY for a channel that is in a loop (call event_loop_remove_channel_event() before).
///
/// # Safety
/// `channel` is NULL or a channel of channel_new(). It must not be used again. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_channel_free(channel: *mut channel) -> c_int {
    let object = non_null!(channel, "yolanda_channel_free: no channel", -1);
    if pool::owns(channel.cast()) {
        return errno::fail(libc::EINVAL);
    }
    if object.is_registered() {
        return errno::fail(libc::EBUSY);
    }
    // SAFETY: channel_new() takes the struct from malloc, no loop has it, and the caller gives it up.
    unsafe { libc::free(channel.cast()) };
    0
}
