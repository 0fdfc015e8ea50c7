//! Connections: bytes in (`input`), bytes out (`output`), from the first registration to the end (`lifecycle`).
//!
//! `state` is what stands behind the public `struct tcp_connection`, `cold_state` what only few of them need.
//! `owner` is what a connection asks and tells its maker, `protocol` what a protocol asks of it. `control` and
//! `handle` are what a program does with it, `posted` brings there what other threads ask for, `kept` counts who
//! needs the memory.

pub mod close_reason;
pub mod cold_state;
pub mod control;
pub mod handle;
pub mod input;
pub mod kept;
pub mod lifecycle;
pub mod output;
pub mod owner;
pub mod posted;
pub mod protocol;
pub mod raw;
pub mod settings;
mod shims;
pub mod state;

pub use kept::discard;
pub use output::batch::Together;
pub use output::write_side::Side;
pub use owner::Owner;
pub use raw::*;
use state::LIMIT;
pub use state::{AfterSending, Connection, Work};

use crate::abi::types::channel;
use std::ptr;

/// The connection whose own channel this is, as long as its callbacks are the library's; else NULL.
///
/// # Safety
/// `ch` is NULL or a live channel.
pub unsafe fn of_channel(ch: *mut channel) -> *mut Connection {
    // SAFETY: only the library has these two callbacks, and it puts the connection beside them;
    // a copy of such a channel is told by its address.
    unsafe {
        if ch.is_null() {
            return ptr::null_mut();
        }
        let read = (*ch).eventReadCallback.get().map(|f| f as usize);
        let write = (*ch).eventWriteCallback.get().map(|f| f as usize);
        if read != Some(input::read::ON_READABLE as usize)
            || write != Some(output::write::ON_WRITABLE as usize)
        {
            return ptr::null_mut();
        }
        let conn = (*ch).data.get().cast::<Connection>();
        if !conn.is_null() && (*conn).channel_ptr() == ch { conn } else { ptr::null_mut() }
    }
}
