//! Channels: a descriptor, the events that are wanted of it, and whom to call.

use super::registry;
use crate::abi::types::{
    EVENT_WRITE, channel, event_loop, event_read_callback, event_write_callback,
};
use crate::reactor::event_loop::create::event_loop_update_channel_event;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::state::channel_at;
use crate::reactor::tcp_connection;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr;

pub unsafe extern "C" fn channel_new(
    fd: c_int,
    events: c_int,
    eventReadCallback: event_read_callback,
    eventWriteCallback: event_write_callback,
    data: *mut c_void,
) -> *mut channel {
    // SAFETY: the block is checked, and filled at once.
    unsafe {
        let ch = libc::malloc(size_of::<channel>()).cast::<channel>();
        if !ch.is_null() {
            ch.write(channel {
                fd: Cell::new(fd),
                events: Cell::new(events),
                eventReadCallback: Cell::new(eventReadCallback),
                eventWriteCallback: Cell::new(eventWriteCallback),
                data: Cell::new(data),
            });
        }
        ch
    }
}

/// The loop that a channel was added to, NULL for none.
unsafe fn loop_of(ch: *mut channel) -> *mut event_loop {
    // SAFETY: a live channel; a connection knows its loop before it is added.
    unsafe {
        let conn = tcp_connection::of_channel(ch);
        if !conn.is_null() {
            let open = tcp_connection::is_open(conn.cast());
            return if open { (*conn).public.eventLoop.get() } else { ptr::null_mut() };
        }
        match registry::get((*ch).fd.get()) {
            Some(entry) if entry.channel == ch => entry.owner,
            // Another channel for the same descriptor was registered later, on another loop.
            Some(entry)
                if on_owner(entry.owner) && channel_at(entry.owner, (*ch).fd.get()) == ch =>
            {
                entry.owner
            }
            _ => ptr::null_mut(),
        }
    }
}

unsafe fn set_write(what: &str, ch: *mut channel, on: bool) -> c_int {
    if ch.is_null() {
        log_err!("{}: no channel", what);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live channel, by the callers' contracts.
    unsafe {
        let l = loop_of(ch);
        if l.is_null() {
            return errno::fail(libc::ENOENT);
        }
        let before = (*ch).events.get();
        (*ch).events.set(if on { before | EVENT_WRITE } else { before & !EVENT_WRITE });
        let conn = tcp_connection::of_channel(ch);
        if !conn.is_null() && on_owner(l) && !(*conn).registered.get() {
            // It counts when the connection is added.
            return 0;
        }
        event_loop_update_channel_event(l, (*ch).fd.get(), ch)
    }
}

pub unsafe extern "C" fn channel_write_event_is_enabled(channel: *mut channel) -> c_int {
    if channel.is_null() {
        log_err!("channel_write_event_is_enabled: no channel");
        return 0;
    }
    // SAFETY: a live channel.
    unsafe { (*channel).events.get() & EVENT_WRITE }
}

pub unsafe extern "C" fn channel_write_event_enable(channel: *mut channel) -> c_int {
    // SAFETY: handed on.
    unsafe { set_write("channel_write_event_enable", channel, true) }
}

pub unsafe extern "C" fn channel_write_event_disable(channel: *mut channel) -> c_int {
    // SAFETY: handed on.
    unsafe { set_write("channel_write_event_disable", channel, false) }
}
