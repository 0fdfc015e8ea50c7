//! The functions of tcp_connection.h, and what the HTTP server uses instead of them.

use super::{AfterSending, Side, create, discard, hand_over, of};
use crate::abi::types::{
    buffer, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, tcp_connection, write_completed_call_back,
};
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::posts;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::tcp_connection::input::pause;
use crate::reactor::tcp_connection::lifecycle::{open, ready, shutdown};
use crate::reactor::tcp_connection::output::{batch, write};
use crate::sys::errno;
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use crate::sys::kind::Kind;
use libc::{c_int, c_void};
use std::ptr;

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
        if on_owner(eventLoop) && (*loop_of(eventLoop)).gone.get() {
            // Its connections are being closed for the last time.
            errno::set(libc::ESHUTDOWN);
            return ptr::null_mut();
        }
        let conn = create(fd, eventLoop, ptr::null_mut(), Kind::of(fd));
        if conn.is_null() {
            log_err!("tcp_connection_new: no memory");
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        (*conn).public.connectionCompletedCallBack.set(connectionCompletedCallBack);
        (*conn).public.connectionClosedCallBack.set(connectionClosedCallBack);
        (*conn).public.messageCallBack.set(messageCallBack);
        (*conn).public.writeCompletedCallBack.set(writeCompletedCallBack);
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
        let len = crate::reactor::buffer::readable(buffer);
        let sent = send_bytes(tcpConnection, crate::reactor::buffer::read_at(buffer), len);
        if sent >= 0 {
            (*buffer).readIndex.set((*buffer).writeIndex.get());
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
    unsafe { send_before(conn, data, len, More::Nothing) }
}

/// Sends from the connection's own thread, as `send_bytes` does, but perhaps a little later, together
/// with what other connections send. `now` is the coarse clock's.
///
/// # Safety
/// As `send_bytes`.
pub unsafe fn send_together(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    now: u32,
) -> isize {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        posts::take_in(own);
        if len == 0 || !open::is_open(own) || (*own).side.get() != Side::Open {
            return send_bytes(conn, data, len);
        }
        batch::send(own, data, len, now)
    }
}

/// Sends as `send_bytes` does, with `more` to come.
///
/// # Safety
/// As `send_bytes`.
pub unsafe fn send_before(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    more: More,
) -> isize {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        let here = on_owner((*own).public.eventLoop.get());
        if here {
            posts::take_in(own);
        }
        let shut = if here { (*own).side.get() != Side::Open } else { (*own).intake.is_shut() };
        if shut || !open::is_open(own) {
            return errno::fail(write::refusal(own)) as isize;
        }
        match (len, here) {
            (0, _) => 0,
            (_, true) => write::send(own, data, len, more),
            (_, false) => write::post(own, data, len),
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
        if !open::is_open_here(own) {
            return;
        }
        if on_owner((*own).public.eventLoop.get()) {
            (*own).intake.shut();
            posts::take_in(own);
            return shutdown::take_posted_shutdown(own);
        }
        if (*own).intake.is_shut() {
            return;
        }
        let task = posts::for_connection(own, posts::SHUTDOWN, 0);
        if task.is_null() {
            log_err!("tcp_connection_shutdown: no memory");
            return;
        }
        if (*own).intake.shut() {
            posts::post_task(task);
        } else {
            posts::withdraw(task);
        }
    }
}

/// Ends a connection once its queue is sent: no more message callbacks, input is read and dropped, also
/// where reading was stopped. With `linger` it half-closes and waits a while for the peer's end, so that bytes
/// which are still arriving don't make the kernel throw away what was sent.
///
/// # Safety
/// A live connection, on its thread.
pub unsafe fn close_after_send(conn: *mut tcp_connection, linger: bool) {
    // SAFETY: as said.
    unsafe {
        let own = of(conn);
        if !open::is_open(own) || (*own).after_sending.get() != AfterSending::GoOn {
            return;
        }
        (*own).intake.shut();
        posts::take_in(own);
        (*own).side.get().shut();
        (*own).after_sending.set(if linger { AfterSending::Linger } else { AfterSending::Close });
        pause::resume(own);
        ready::schedule(own);
    }
}
