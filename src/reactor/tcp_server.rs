//! The server: accepts on its loop's thread and hands connections to the loops in turn.

use super::event_loop::event_loop_add_channel_event;
use super::loop_state::of as loop_of;
use super::thread_pool::{thread_pool_get_loop, thread_pool_new, thread_pool_start};
use super::utils::on_owner;
use super::{registration, tcp_connection};
use crate::abi::types::{
    EVENT_READ, TCPserver, acceptor, channel, connection_closed_call_back,
    connection_completed_call_back, event_loop, message_call_back, write_completed_call_back,
};
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};
use std::ptr;

/// Connections taken per pass: the rest stays in the kernel's queue for the next.
const BATCH: u32 = 256;

/// The public struct first; the channel of the listening descriptor stands behind it.
#[repr(C)]
pub struct Server {
    public: TCPserver,
    channel: channel,
    next: *mut Server,
    /// Among the servers that wait for descriptors to become free.
    next_resting: *mut Server,
    resting: bool,
    /// Said that descriptors have run out; silent until one was accepted again.
    complained: bool,
}

pub unsafe extern "C-unwind" fn tcp_server_init(
    eventLoop: *mut event_loop,
    acceptor: *mut acceptor,
    connectionCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threadNum: c_int,
) -> *mut TCPserver {
    if eventLoop.is_null() || acceptor.is_null() {
        let what = if eventLoop.is_null() { "event loop" } else { "acceptor" };
        log_err!("tcp_server_init: no {}", what);
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    // SAFETY: the block is checked, and filled at once; a live loop and acceptor.
    unsafe {
        let threadPool = thread_pool_new(eventLoop, threadNum);
        let server = libc::malloc(size_of::<Server>()).cast::<Server>();
        if threadPool.is_null() || server.is_null() {
            libc::free(threadPool.cast());
            libc::free(server.cast());
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        server.write(Server {
            public: TCPserver {
                port: (*acceptor).listen_port,
                eventLoop,
                acceptor,
                connectionCompletedCallBack: connectionCallBack,
                messageCallBack,
                writeCompletedCallBack,
                connectionClosedCallBack,
                threadNum,
                threadPool,
                data: ptr::null_mut(),
            },
            channel: channel {
                fd: -1,
                events: EVENT_READ,
                eventReadCallback: Some(on_acceptable),
                eventWriteCallback: None,
                data: server.cast(),
            },
            next: ptr::null_mut(),
            next_resting: ptr::null_mut(),
            resting: false,
            complained: false,
        });
        server.cast()
    }
}

pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    if tcpServer.is_null() {
        log_err!("tcp_server_start: no server");
        errno::set(libc::EINVAL);
        return;
    }
    let server = tcpServer.cast::<Server>();
    // SAFETY: a server of `tcp_server_init`.
    unsafe {
        let public = &raw mut (*server).public;
        if (*public).acceptor.is_null() {
            log_err!("tcp_server_start: no acceptor");
            errno::set(libc::EINVAL);
            return;
        }
        if !(*public).threadPool.is_null() {
            thread_pool_start((*public).threadPool);
        }
        let fd = (*(*public).acceptor).listen_fd;
        sys_fd::set_nonblocking(fd);
        let ch = &raw mut (*server).channel;
        if (*ch).fd < 0 && on_owner((*public).eventLoop) {
            let own = loop_of((*public).eventLoop);
            (*server).next = (*own).servers;
            (*own).servers = server;
        }
        (*ch).fd = fd;
        event_loop_add_channel_event((*public).eventLoop, fd, ch);
    }
}

pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    if tcpServer.is_null() {
        log_err!("tcp_server_set_data: no server");
        errno::set(libc::EINVAL);
        return;
    }
    if !data.is_null() {
        // SAFETY: a live server.
        unsafe { (*tcpServer).data = data };
    }
}

/// The read callback of the listening channel.
unsafe extern "C-unwind" fn on_acceptable(data: *mut c_void) -> c_int {
    let server = data.cast::<Server>();
    // SAFETY: the channel's data is its server; programs don't free servers.
    unsafe {
        let listener = (*server).channel.fd;
        for _ in 0..BATCH {
            let fd = sys_fd::accept(listener);
            if fd >= 0 {
                (*server).complained = false;
                serve(server, fd);
                continue;
            }
            match errno::get() {
                libc::EAGAIN => return 0,
                libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM => {
                    rest(server);
                    return 0;
                }
                // What went wrong with one client is no reason to turn the next away (accept(2)).
                libc::EINTR
                | libc::ECONNABORTED
                | libc::EPERM
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::EOPNOTSUPP
                | libc::ENETUNREACH
                | libc::ETIMEDOUT => {}
                e => {
                    log_err!("accept failed, socket == {}: {}", listener, errno::Text(e));
                    let ch = &raw mut (*server).channel;
                    registration::remove((*server).public.eventLoop, listener, ch);
                    return 0;
                }
            }
        }
    }
    0
}

unsafe fn serve(server: *mut Server, fd: c_int) {
    // SAFETY: a live server; each public field is read here, where it is used.
    unsafe {
        let public = &raw mut (*server).public;
        log_msg!("new connection established, socket == {}", fd);
        let mut l = if (*public).threadPool.is_null() {
            ptr::null_mut()
        } else {
            thread_pool_get_loop((*public).threadPool)
        };
        if l.is_null() {
            l = (*public).eventLoop;
        }
        let conn = tcp_connection::create(fd, l, (*public).data, true);
        if conn.is_null() {
            log_err!("no memory for the connection on socket {}", fd);
            sys_fd::close(fd);
            return;
        }
        (*conn).public.connectionCompletedCallBack = (*public).connectionCompletedCallBack;
        (*conn).public.messageCallBack = (*public).messageCallBack;
        (*conn).public.writeCompletedCallBack = (*public).writeCompletedCallBack;
        (*conn).public.connectionClosedCallBack = (*public).connectionClosedCallBack;
        if !tcp_connection::hand_over(conn, true) {
            log_err!("no memory for the connection on socket {}", fd);
            tcp_connection::discard(conn);
            sys_fd::close(fd);
        }
    }
}

/// Out of descriptors: stops listening for a moment instead of spinning. Clients wait in the
/// kernel's queue.
unsafe fn rest(server: *mut Server) {
    // SAFETY: a live server on its loop's thread.
    unsafe {
        let l = (*server).public.eventLoop;
        if std::mem::replace(&mut (*server).resting, true) {
            return;
        }
        if !std::mem::replace(&mut (*server).complained, true) {
            let e = errno::get();
            log_err!("can't accept on socket {}: {}", (*server).channel.fd, errno::Text(e));
        }
        (*server).channel.events = 0;
        registration::update(l, (*server).channel.fd, &raw mut (*server).channel);
        (*server).next_resting = (*loop_of(l)).resting;
        (*loop_of(l)).resting = server;
    }
}

/// Lets servers that rested try again.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn wake_resting(l: *mut event_loop) {
    // SAFETY: listed servers are live: programs don't free servers.
    unsafe {
        let mut server = std::mem::replace(&mut (*loop_of(l)).resting, ptr::null_mut());
        while !server.is_null() {
            let following = (*server).next_resting;
            (*server).resting = false;
            (*server).channel.events = EVENT_READ;
            registration::update(l, (*server).channel.fd, &raw mut (*server).channel);
            server = following;
        }
    }
}
