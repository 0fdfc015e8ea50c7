use crate::abi::types::{channel, event_read_callback, event_write_callback};
use core::ffi::{c_int, c_void};

/// Makes a channel. It belongs to you: free() it after it has been removed from its loop.
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn channel_new(
    fd: c_int,
    events: c_int,
    eventReadCallback: event_read_callback,
    eventWriteCallback: event_write_callback,
    data: *mut c_void,
) -> *mut channel {
    jump_to!(crate::reactor::event_loop::channel::channel_new)
}

/// Returns non-zero when EVENT_WRITE is among the channel's `events`; 0 for NULL.
///
/// # Safety
/// `channel` is NULL or a channel.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn channel_write_event_is_enabled(channel: *mut channel) -> c_int {
    jump_to!(crate::reactor::event_loop::channel::channel_write_event_is_enabled)
}

/// Adds EVENT_WRITE to the channel's `events` and tells the loop that the channel was added to.
/// Works on any thread; elsewhere than on the loop's it takes effect soon after.
///
/// Returns 0, or -1 with errno, for a channel in no loop too.
///
/// # Safety
/// `channel` is NULL or a channel.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn channel_write_event_enable(channel: *mut channel) -> c_int {
    jump_to!(crate::reactor::event_loop::channel::channel_write_event_enable)
}

/// Takes EVENT_WRITE out of the channel's `events`; otherwise as channel_write_event_enable().
///
/// # Safety
/// `channel` is NULL or a channel.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn channel_write_event_disable(channel: *mut channel) -> c_int {
    jump_to!(crate::reactor::event_loop::channel::channel_write_event_disable)
}
