//! The functions of tcp_server.h, and those of yolanda.h for servers.

use super::Server;
use super::make::Callbacks;
use crate::abi::types::{
    TCPserver, acceptor, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, write_completed_call_back, yolanda_loop_callback, yolanda_server_callback,
    yolanda_water_mark_callback,
};
use crate::reactor::event_loop::create::mine;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::settings::{self, Settings};
use crate::reactor::threads::event_loop_thread::Hooks;
use crate::sys::errno;
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::ptr::{self, NonNull};
use std::slice;

/// The server behind a pointer of the program. Logs where there is none, with EINVAL.
///
/// # Safety
/// NULL or a live server.
unsafe fn present<'a>(what: &str, server: *mut TCPserver) -> Option<&'a Server> {
    if server.is_null() {
        log_err!("{}: no server", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: not NULL, so a live server by the C function's contract.
    Some(unsafe { Server::from_public(server) })
}

/// As `present`, on the thread of the server's loop, or with EPERM.
///
/// # Safety
/// NULL or a live server.
unsafe fn usable<'a>(what: &str, server: *mut TCPserver) -> Option<&'a Server> {
    // SAFETY: NULL or a live server by the C function's contract.
    let server = unsafe { present(what, server) }?;
    if !server.is_own_thread() {
        errno::set(libc::EPERM);
        return None;
    }
    Some(server)
}

/// 0, or -1 with errno.
fn told(result: Result<(), c_int>) -> c_int {
    result.map_or_else(errno::fail, |()| 0)
}

/// A new server, or NULL with errno.
fn given(made: Result<NonNull<Server>, c_int>) -> *mut TCPserver {
    match made {
        Ok(server) => server.as_ptr().cast(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
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
    let Some(given_acceptor) = NonNull::new(acceptor).filter(|_| !eventLoop.is_null()) else {
        let what = if eventLoop.is_null() { "event loop" } else { "acceptor" };
        log_err!("tcp_server_init: no {}", what);
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    };
    let callbacks = Callbacks {
        completed: connectionCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: a live loop and acceptor by this function's contract.
    given(unsafe {
        Server::on_acceptor(Loop::from_c(eventLoop), given_acceptor, &callbacks, threadNum)
    })
}

pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    // SAFETY: NULL or a live server by this function's contract.
    if let Some(server) = unsafe { present("tcp_server_start", tcpServer) } {
        server.start_or_renew();
    }
}

pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    // SAFETY: NULL or a live server by this function's contract.
    if let Some(server) = unsafe { present("tcp_server_set_data", tcpServer) } {
        server.set_data(data);
    }
}

pub unsafe extern "C-unwind" fn yolanda_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: NULL or a live loop, and an address that ends with a NUL, by this function's contract.
    unsafe {
        if !mine("yolanda_server_new", eventLoop) {
            return ptr::null_mut();
        }
        if address.is_null() || threads < 0 {
            return given(Err(libc::EINVAL));
        }
        let address = CStr::from_ptr(address).to_bytes();
        given(Server::on_address(Loop::from_c(eventLoop), address, &callbacks, threads))
    }
}

pub unsafe extern "C-unwind" fn yolanda_server_new_fd(
    eventLoop: *mut event_loop,
    fd: c_int,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: NULL or a live loop by this function's contract.
    unsafe {
        if !mine("yolanda_server_new_fd", eventLoop) {
            return ptr::null_mut();
        }
        if threads < 0 {
            return given(Err(libc::EINVAL));
        }
        given(Server::on_descriptor(Loop::from_c(eventLoop), fd, &callbacks, threads))
    }
}

pub unsafe extern "C-unwind" fn yolanda_server_start(server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    match unsafe { usable("yolanda_server_start", server) } {
        Some(server) => told(server.start()),
        None => -1,
    }
}

pub unsafe extern "C" fn yolanda_server_address(
    server: *mut TCPserver,
    text: *mut c_char,
    size: usize,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    let Some(server) = (unsafe { usable("yolanda_server_address", server) }) else { return -1 };
    if text.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: `text` has `size` bytes by this function's contract.
    let text = unsafe { slice::from_raw_parts_mut(text.cast(), size) };
    told(
        server
            .address()
            .and_then(|address| address.format(text).map(|_| ()).ok_or(libc::ENAMETOOLONG)),
    )
}

/// Changes what new connections get.
unsafe fn change(
    what: &str,
    server: *mut TCPserver,
    with: impl FnOnce(&mut Settings) -> c_int,
) -> c_int {
    // SAFETY: NULL or a live server by the C function's contract.
    match unsafe { usable(what, server) } {
        Some(server) => server.change_settings(with),
        None => -1,
    }
}

pub unsafe extern "C" fn yolanda_server_set_timeouts(
    server: *mut TCPserver,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    unsafe {
        change("yolanda_server_set_timeouts", server, |to| {
            settings::set_timeouts(to, idle_ms, read_ms, write_ms)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_limits(
    server: *mut TCPserver,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    unsafe {
        change("yolanda_server_set_limits", server, |to| {
            settings::set_limits(to, max_queued, max_unread, policy)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_water_marks(
    server: *mut TCPserver,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    unsafe {
        change("yolanda_server_set_water_marks", server, |to| {
            settings::set_water_marks(to, low, high, on_low, on_high)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_nodelay(server: *mut TCPserver, on: c_int) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    let Some(server) = (unsafe { usable("yolanda_server_set_nodelay", server) }) else {
        return -1;
    };
    server.set_nodelay(on != 0);
    0
}

pub unsafe extern "C" fn yolanda_server_set_keepalive(
    server: *mut TCPserver,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    let Some(server) = (unsafe { usable("yolanda_server_set_keepalive", server) }) else {
        return -1;
    };
    let mut checked = Settings::DEFAULT;
    if settings::set_keepalive(&mut checked, idle_s, interval_s, count) < 0 {
        return -1;
    }
    server.set_keepalive(checked.keepalive);
    0
}

pub unsafe extern "C" fn yolanda_server_set_reuseport(server: *mut TCPserver, on: c_int) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    match unsafe { usable("yolanda_server_set_reuseport", server) } {
        Some(server) => told(server.set_reuseport(on != 0)),
        None => -1,
    }
}

pub unsafe extern "C" fn yolanda_server_set_max_connections(
    server: *mut TCPserver,
    n: c_int,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    match unsafe { usable("yolanda_server_set_max_connections", server) } {
        Some(server) => told(server.set_max_connections(n)),
        None => -1,
    }
}

pub unsafe extern "C" fn yolanda_server_set_thread_hooks(
    server: *mut TCPserver,
    on_start: yolanda_loop_callback,
    on_stop: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    match unsafe { usable("yolanda_server_set_thread_hooks", server) } {
        Some(server) => told(server.set_thread_hooks(Hooks { on_start, on_stop, data })),
        None => -1,
    }
}

pub unsafe extern "C" fn yolanda_server_connections(server: *mut TCPserver) -> i64 {
    // SAFETY: NULL or a live server by this function's contract.
    match unsafe { present("yolanda_server_connections", server) } {
        Some(server) => server.connections(),
        None => -1,
    }
}

pub unsafe extern "C-unwind" fn yolanda_server_stop(
    server: *mut TCPserver,
    deadline_ms: i64,
    done: yolanda_server_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server by this function's contract.
    let Some(server) = (unsafe { usable("yolanda_server_stop", server) }) else { return -1 };
    if deadline_ms < -1 {
        return errno::fail(libc::EINVAL);
    }
    told(server.stop(deadline_ms, done, data))
}

pub unsafe extern "C-unwind" fn yolanda_server_free(server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server by this function's contract, which its owner gives up here.
    unsafe {
        let Some(own) = usable("yolanda_server_free", server) else { return -1 };
        told(Server::free(NonNull::from(own)))
    }
}
