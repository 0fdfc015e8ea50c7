//! The types of lib/channel.h.

#![forbid(unsafe_code)]

use core::cell::Cell;
use core::ffi::{c_int, c_void};

/// Has no effect, as in the original: a channel has no field for a duration. Use
/// yolanda_timer_start().
pub const EVENT_TIMEOUT: c_int = 0x01;

/// The descriptor is readable, has reached the end of the stream, or has an error.
pub const EVENT_READ: c_int = 0x02;

/// The descriptor is writable.
pub const EVENT_WRITE: c_int = 0x04;

/// Has no effect, as in the original: channels are identified by descriptor, so a signal number would
/// be taken for a descriptor. Use yolanda_signal_start().
pub const EVENT_SIGNAL: c_int = 0x08;

/// Called on the loop's thread when the descriptor is readable, with the channel's `data`. The return
/// value is ignored. It may add, update and remove channels, including its own.
pub type event_read_callback = Option<unsafe extern "C-unwind" fn(data: *mut c_void) -> c_int>;

/// Called on the loop's thread when the descriptor is writable, with the channel's `data`. The
/// return value is ignored. It may add, update and remove channels, including its own.
pub type event_write_callback = Option<unsafe extern "C-unwind" fn(data: *mut c_void) -> c_int>;

/// A descriptor, the events that it waits for, and the callbacks for them.
///
/// It comes from channel_new(), or you provide the memory. It must stay valid and in place until
/// event_loop_remove_channel_event() has returned on the loop's thread; after that, the library
/// doesn't touch it. Callbacks and `data` may be changed at any time on the loop's thread; a change
/// of `events` takes effect with the next event_loop_update_channel_event().
#[repr(C)]
pub struct channel {
    /// The descriptor. It remains yours: the library closes only those of its connections.
    pub fd: Cell<c_int>,
    /// EVENT_READ, EVENT_WRITE, or both.
    pub events: Cell<c_int>,
    /// May be NULL.
    pub eventReadCallback: Cell<event_read_callback>,
    /// May be NULL.
    pub eventWriteCallback: Cell<event_write_callback>,
    /// Passed to the callbacks.
    pub data: Cell<*mut c_void>,
}

assert_layout!(channel, 32;
    fd: 0, 4;
    events: 4, 4;
    eventReadCallback: 8, 8;
    eventWriteCallback: 16, 8;
    data: 24, 8;
);
