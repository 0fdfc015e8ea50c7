//! The functions of tcp_connection.h.

use super::Connection;
use super::lifecycle::open::{create, discard, hand_over};
use super::{posted, shims};
use crate::abi::types::{
    buffer, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, tcp_connection, write_completed_call_back,
};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::lifecycle::{open, shutdown};
use crate::reactor::tcp_connection::output::write;
use crate::sys::errno;
use crate::sys::fd as sys_fd;
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
        let l = Loop::from_c(eventLoop);
        if l.on_owner() && l.gone.get() {
            // Its connections are being closed for the last time.
            errno::set(libc::ESHUTDOWN);
            return ptr::null_mut();
        }
        let conn = create(fd, l, ptr::null_mut(), Kind::of(fd));
        if conn.is_null() {
            log_err!("tcp_connection_new: no memory");
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        let conn = &*conn;
        conn.public.connectionCompletedCallBack.set(connectionCompletedCallBack);
        conn.public.connectionClosedCallBack.set(connectionClosedCallBack);
        conn.public.messageCallBack.set(messageCallBack);
        conn.public.writeCompletedCallBack.set(writeCompletedCallBack);
        if !hand_over(conn, false) {
            discard(conn.raw());
            log_err!("tcp_connection_new: no memory");
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        conn.as_c()
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
    unsafe {
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), size as usize);
        Connection::from_c(tcpConnection).send_bytes(bytes) as c_int
    }
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
        let own = Connection::from_c(tcpConnection);
        if buffer == own.output_ptr() {
            return write::send_own_output(own);
        }
        let len = shims::readable(&*buffer);
        let bytes = match len {
            0 => &[],
            _ => std::slice::from_raw_parts(crate::reactor::buffer::read_at(buffer), len),
        };
        let sent = own.send_bytes(bytes);
        if sent >= 0 {
            (*buffer).readIndex.set((*buffer).writeIndex.get());
        }
        sent as c_int
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
        let own = Connection::from_c(tcpConnection);
        if !open::is_open_here(own) {
            return;
        }
        if own.event_loop().on_owner() {
            own.intake.shut();
            own.take_in();
            return shutdown::take_posted_shutdown(own);
        }
        if own.intake.is_shut() {
            return;
        }
        let Some(task) = posted::shutdown(own) else {
            log_err!("tcp_connection_shutdown: no memory");
            return;
        };
        if own.intake.shut() {
            own.event_loop().post(task);
        }
    }
}
