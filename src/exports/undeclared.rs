//! Functions that no header declares, as in the original; old object files may still link to them.

use core::ffi::{c_char, c_int};

use crate::abi::buffer::buffer;
use crate::abi::channel::channel;
use crate::abi::event_loop::event_loop;
use crate::common::read;
use crate::exports::check;
use crate::reactor::event_loop::changes::is_change;
use crate::sys::errno;

/// Reads a line into `size` bytes and adds a NUL. A CR or CRLF at the end of the line becomes an LF.
/// On a descriptor that can't be peeked at (a pipe, a terminal), a CR without an LF isn't changed.
///
/// Returns the number of bytes without the NUL; 0 at the end of the stream or on failure.
///
/// # Safety
/// `buf` is NULL or has room for `size` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read_line(fd: c_int, buf: *mut c_char, size: c_int) -> c_int {
    // SAFETY: by contract the buffer has `size` bytes; a negative size counts as 0.
    let room = unsafe { check::room(buf, usize::try_from(size).unwrap_or(0)) };
    // The line is shorter than `size`.
    read::line_of_any_end(fd, room).unwrap_or(0) as c_int
}

/// Reads byte by byte up to and including a newline, and adds a NUL. Returns the number of bytes;
/// `usize::MAX` at the end of the stream, on failure, or if the buffer is too small.
///
/// # Safety
/// `buffer` is NULL or has room for `length` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readline_2(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: by contract the buffer has `length` bytes.
    let room = unsafe { check::room(buffer, length) };
    read::line_by_bytes(fd, room).unwrap_or(usize::MAX)
}

/// Makes `size` bytes writable; on failure nothing changes.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn make_room(buffer: *mut buffer, size: c_int) {
    let buffer = non_null!(buffer, "make_room: no buffer");
    match usize::try_from(size) {
        Ok(n) => _ = buffer.reserve(n),
        Err(_) => {
            log_err!("make_room: size {}", size);
            errno::set(libc::EINVAL);
        }
    }
}

/// Adds (type 1), removes (2) or updates (3) a channel. Returns 0, or -1 with errno.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or a channel that stays where it is until
/// it has been removed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_do_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
    r#type: c_int,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_do_channel_event", -1);
    let ch = non_null!(channel1, "event_loop_do_channel_event: no channel", -1);
    if !is_change(r#type) {
        log_err!("event_loop_do_channel_event: unknown type {}", r#type);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: by contract the program keeps an added channel until it is removed, and any other until
    // the queued change is made.
    unsafe { l.request_change(fd, ch, r#type) }.min(0)
}

/// Makes the changes that other threads have queued. Returns 0, or -1 for NULL.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on its thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_channel(
    eventLoop: *mut event_loop,
) -> c_int {
    let Some(l) = event_loop!(eventLoop, "event_loop_handle_pending_channel", -1).here() else {
        log_err!("not in the same thread");
        return errno::fail(libc::EPERM);
    };
    l.guarded(|| l.run_posts());
    0
}
