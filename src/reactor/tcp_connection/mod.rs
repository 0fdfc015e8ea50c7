//! A connection: what stands behind the public `struct tcp_connection`, and its exports.
//!
//! `life` makes and registers it, `read` takes bytes in and calls the message callback, `write` sends
//! and queues within the limits of `room`, `turns` gives it its turn in the pass, `end` closes and
//! frees. `hold` lets a peer that doesn't read wait before it is read from, `pause` is the program's
//! own stop. `extras` has what few connections need: `marks`, `timeouts`, user data, limits.
//! `settings` are what a program gives it, `control` and `handle` the functions of yolanda.h.

mod control;
mod end;
mod extras;
mod handle;
mod hold;
mod life;
mod marks;
mod owner;
mod pause;
mod read;
mod room;
pub mod settings;
mod timeouts;
mod turns;
mod write;

pub use control::*;
pub use end::{reap, release};
pub use handle::*;
pub use hold::end_holding;
pub use life::{create, discard, hand_over, identify_once, is_announced, owns_number, register};
pub use owner::Owner;
pub use pause::hung_up;
pub use turns::{
    close_in_pass, close_unwatched, end_lingering, forget_waiting, run_ready, schedule,
};
pub use write::{take_posted_bytes, take_posted_end, take_posted_shutdown};

use super::in_use::InUse;
use super::refs::RefCount;
use super::{loop_state::channel_at, pending, utils::on_owner};
use crate::abi::types::{
    buffer, channel, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, tcp_connection, write_completed_call_back,
};
use crate::sys::{errno, fd as sys_fd};
use libc::{c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering::Relaxed};

/// Bytes queued for a peer that doesn't read, and bytes unread by a callback that doesn't consume.
const LIMIT: usize = 64 << 20;

/// One block of memory holds all of a connection: an idle one has nothing else.
#[repr(C)]
pub struct Connection {
    pub public: tcp_connection,
    pub channel: channel,
    pub input: buffer,
    pub output: buffer,
    /// "connection-FD"
    name: [c_char; 22],
    pub registered: bool,
    pub is_socket: bool,
    /// The descriptor as it was entered, whatever a program writes into `channel->fd`.
    number: c_int,
    /// How much of the output block was ever written.
    output_touched: u32,
    /// Its number in the registry; also that of its registration.
    pub id: u64,
    /// What the descriptor refers to, so that closing never hits a successor. 0: not asked yet, as
    /// no code of the program could have closed it, or epoll will tell.
    identity: u64,
    /// The pool blocks that the library put into the buffers; C may have put others there since.
    input_block: *mut u8,
    output_block: *mut u8,
    pub owner: Owner,
    next_ready: *mut Connection,
    next_dead: *mut Connection,
    next_lingering: *mut Connection,
    next_held: *mut Connection,
    /// NULL: the defaults.
    extras: AtomicPtr<extras::Extras>,
    /// Who needs the memory: the library, tasks, whoever retained it.
    pub refs: RefCount,
    /// Tasks that wait with this connection.
    pub pins: AtomicU32,
    /// Why it closes (`turns::decide`): 0 while that isn't decided, then one more than the errno
    /// value.
    fate: AtomicI32,
    /// Bytes that were taken from senders and not yet by the kernel, posted ones included; and those
    /// of them that the queue has (`room`).
    outstanding: AtomicU32,
    counted: u32,
    /// Low bits of the clock's milliseconds.
    linger_until: u32,
    held_until: u32,
    /// No more sends are taken (shutdown was called), and: closed.
    shut: AtomicBool,
    closed: AtomicBool,
    /// Other threads ask the kernel for its addresses.
    descriptor: InUse,
    /// The completed callback has returned, and the connection has come to its loop.
    announced: AtomicBool,
    /// At least a byte has arrived.
    received: bool,
    /// The peer's end of stream was seen.
    ended: bool,
    /// The write side's half-close was done, or failed.
    half_closed: bool,
    /// Bytes are dropped, and the connection ends once the queue is sent.
    last_words: bool,
    /// ... and then waits for the peer's end, so that no reset takes them back.
    lingers: bool,
    on_ready: bool,
    on_lingering: bool,
    on_held: bool,
    /// Reading goes on for a turn although output waits.
    may_read: bool,
    /// The program stopped reading.
    paused: bool,
    /// The next turn of reading begins with what was left unread.
    owes_message: bool,
    /// Work for the next turn in the pass.
    wants_read: bool,
}

const _: () = assert!(size_of::<Connection>() <= 336);

/// The private face of a public pointer.
fn of(conn: *mut tcp_connection) -> *mut Connection {
    conn.cast()
}

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
        let read = (*ch).eventReadCallback.map(|f| f as usize);
        let write = (*ch).eventWriteCallback.map(|f| f as usize);
        if read != Some(read::ON_READABLE as usize) || write != Some(write::ON_WRITABLE as usize) {
            return ptr::null_mut();
        }
        let conn = (*ch).data.cast::<Connection>();
        if !conn.is_null() && &raw mut (*conn).channel == ch { conn } else { ptr::null_mut() }
    }
}

/// The connection that a registered channel is part of, whatever callbacks it has by now.
///
/// # Safety
/// `ch` is a connection's own channel: its registration says so.
pub unsafe fn around(ch: *mut channel) -> *mut Connection {
    // SAFETY: the channel lies within its connection.
    unsafe { ch.byte_sub(std::mem::offset_of!(Connection, channel)).cast() }
}

/// The connection whose channel is registered at `fd`; else NULL. `ch` is looked at only if it is.
///
/// # Safety
/// `l` is a live loop, on its own thread.
pub unsafe fn of_registered(l: *mut event_loop, fd: c_int, ch: *mut channel) -> *mut Connection {
    // SAFETY: a registered channel is live.
    unsafe { if channel_at(l, fd) == ch { of_channel(ch) } else { ptr::null_mut() } }
}

/// False once the closed callback is due.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_open(conn: *const tcp_connection) -> bool {
    // SAFETY: as said.
    unsafe { !(*conn.cast::<Connection>()).closed.load(Relaxed) }
}

pub unsafe extern "C-unwind" fn tcp_connection_new(
    fd: c_int,
    eventLoop: *mut event_loop,
    connectionCompletedCallBack: connection_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
) -> *mut tcp_connection {
    if eventLoop.is_null() {
        log_err!("tcp_connection_new: no event loop");
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    if fd < 0 || !sys_fd::is_open(fd) {
        log_err!("tcp_connection_new: bad descriptor {}", fd);
        errno::set(libc::EBADF);
        return ptr::null_mut();
    }
    // SAFETY: a live loop; after `hand_over` on a foreign thread the connection isn't touched.
    unsafe {
        let conn = create(fd, eventLoop, ptr::null_mut(), sys_fd::cookie(fd).is_some());
        if conn.is_null() {
            log_err!("tcp_connection_new: no memory");
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        (*conn).public.connectionCompletedCallBack = connectionCompletedCallBack;
        (*conn).public.connectionClosedCallBack = connectionClosedCallBack;
        (*conn).public.messageCallBack = messageCallBack;
        (*conn).public.writeCompletedCallBack = writeCompletedCallBack;
        if !hand_over(conn, false) {
            discard(conn);
            log_err!("tcp_connection_new: no memory");
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        conn.cast()
    }
}

pub unsafe extern "C-unwind" fn tcp_connection_send_data(
    tcpConnection: *mut tcp_connection,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    if tcpConnection.is_null() {
        log_err!("tcp_connection_send_data: no connection");
        return errno::fail(libc::EINVAL);
    }
    if size < 0 {
        log_err!("tcp_connection_send_data: size {}", size);
        return errno::fail(libc::EINVAL);
    }
    if data.is_null() {
        return 0;
    }
    // SAFETY: a live connection and `size` bytes, by this function's contract.
    unsafe { send_bytes(tcpConnection, data.cast(), size as usize) as c_int }
}

pub unsafe extern "C-unwind" fn tcp_connection_send_buffer(
    tcpConnection: *mut tcp_connection,
    buffer: *mut buffer,
) -> c_int {
    if tcpConnection.is_null() || buffer.is_null() {
        log_err!(
            "tcp_connection_send_buffer: no {}",
            if buffer.is_null() { "buffer" } else { "connection" }
        );
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: live objects, by this function's contract.
    unsafe {
        let own = of(tcpConnection);
        if buffer == &raw mut (*own).output {
            return write::send_own_output(own);
        }
        let len = super::buffer::readable(buffer);
        if len == 0 {
            return 0;
        }
        let sent = send_bytes(tcpConnection, super::buffer::read_at(buffer), len);
        if sent >= 0 {
            (*buffer).readIndex = (*buffer).writeIndex;
        }
        sent as c_int
    }
}

/// Sends from any thread: what was written at once, or -1 with errno and nothing sent.
///
/// # Safety
/// A live connection; `data` holds `len` bytes.
pub unsafe fn send_bytes(conn: *mut tcp_connection, data: *const u8, len: usize) -> isize {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        if !life::is_open(own) {
            errno::set(libc::ENOTCONN);
            return -1;
        }
        if (*own).shut.load(Relaxed) {
            errno::set(libc::EPIPE);
            return -1;
        }
        if len == 0 {
            return 0;
        }
        if on_owner((*own).public.eventLoop) {
            pending::take_in(own);
            write::send(own, data, len)
        } else {
            write::post(own, data, len)
        }
    }
}

pub unsafe extern "C-unwind" fn tcp_connection_shutdown(tcpConnection: *mut tcp_connection) {
    if tcpConnection.is_null() {
        log_err!("tcp_connection_shutdown: no connection");
        errno::set(libc::EINVAL);
        return;
    }
    // SAFETY: a live connection, by this function's contract.
    unsafe {
        let own = of(tcpConnection);
        if !life::is_open(own) || (*own).shut.swap(true, Relaxed) {
            return;
        }
        if on_owner((*own).public.eventLoop) {
            pending::take_in(own);
            take_posted_shutdown(own);
        } else if !pending::post_connection(own, pending::SHUTDOWN, ptr::null(), 0) {
            (*own).shut.store(false, Relaxed);
            log_err!("tcp_connection_shutdown: no memory");
        }
    }
}

/// Ends a connection once its queue is sent: no more message callbacks, input is dropped. With
/// `linger` it half-closes and waits a while for the peer's end, so that bytes which are still
/// arriving don't make the kernel throw away what was sent.
///
/// # Safety
/// A live connection, on its thread.
pub unsafe fn close_after_send(conn: *mut tcp_connection, linger: bool) {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        if !life::is_open(own) || (*own).last_words {
            return;
        }
        (*own).shut.store(true, Relaxed);
        (*own).last_words = true;
        (*own).lingers = linger;
        turns::schedule(own);
    }
}
