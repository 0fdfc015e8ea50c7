//! The functions of lib/channel.h.

use crate::abi::types::{EVENT_WRITE, channel, event_read_callback, event_write_callback};
use core::ffi::{c_int, c_void};

/// Makes a channel. It is yours: free() it, or call yolanda_channel_free(), after it has been
/// removed from its loop.
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// `data` is passed to the callbacks and must be valid for as long as they use it. Any thread may
/// call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn channel_new(
    fd: c_int,
    events: c_int,
    eventReadCallback: event_read_callback,
    eventWriteCallback: event_write_callback,
    data: *mut c_void,
) -> *mut channel {
    channel::allocate(fd, events, eventReadCallback, eventWriteCallback, data)
}

/// Returns non-zero if EVENT_WRITE is set in the channel's `events`, otherwise 0; 0 for NULL.
///
/// # Safety
/// `channel` is NULL or a channel that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn channel_write_event_is_enabled(channel: *mut channel) -> c_int {
    let channel = non_null_or_log!(channel, "channel_write_event_is_enabled: no channel", 0);
    channel.events.get() & EVENT_WRITE
}

/// Sets EVENT_WRITE in the channel's `events` and updates the loop to which the channel was added. On
/// the loop's thread this takes effect at once; on any other thread it is queued.
///
/// Returns 0, or -1 with errno: ENOENT for a channel that is in no loop, EBADF if its descriptor has
/// been closed, ENOMEM, ESHUTDOWN if its loop is being freed, and others of epoll_ctl(2).
///
/// # Safety
/// `channel` is NULL or a channel. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn channel_write_event_enable(channel: *mut channel) -> c_int {
    let channel = non_null!(channel, "channel_write_event_enable: no channel", -1);
    channel.set_write(true)
}

/// Clears EVENT_WRITE in the channel's `events`; otherwise the same as channel_write_event_enable().
///
/// # Safety
/// `channel` is NULL or a channel. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn channel_write_event_disable(channel: *mut channel) -> c_int {
    let channel = non_null!(channel, "channel_write_event_disable: no channel", -1);
    channel.set_write(false)
}
