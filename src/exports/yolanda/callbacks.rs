//! The functions of yolanda.h for callbacks with data of the program's.

use crate::abi::types::{TCPserver, event_loop, tcp_connection, yolanda_callbacks, yolanda_client};
use crate::exports::yolanda::client;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::kept::Kept;
use crate::reactor::tcp_connection::handlers::{self, Handlers};
use crate::reactor::tcp_connection::lifecycle::register;
use crate::sys::explained::explain;
use crate::sys::{errno, fd as sys_fd};
use core::ffi::c_int;
use core::ptr;

/// The callbacks of a program; an errno value where there are none, or the memory is out.
///
/// # Safety
/// `from` is NULL or has as many bytes as its `size` says.
unsafe fn taken(from: *const yolanda_callbacks) -> Result<Kept<Handlers>, c_int> {
    // SAFETY: as the caller says.
    match unsafe { handlers::read(from) } {
        Some(callbacks) => Handlers::new(&callbacks),
        None if from.is_null() => Err(explain!(libc::EINVAL, "no callbacks")),
        None => Err(explain!(libc::EINVAL, "the size of struct yolanda_callbacks isn't set")),
    }
}

/// 0. A call that fails leaves the data to the program: -1 with errno.
fn settled(handlers: &Kept<Handlers>, result: Result<(), c_int>) -> c_int {
    result.map_or_else(
        |e| {
            handlers.refuse();
            errno::fail(e)
        },
        |()| 0,
    )
}

/// Sets the callbacks of a server's connections, in place of those of yolanda_server_new(). The data is
/// destroyed once the server and its last connection have been freed; on failure it stays yours.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, EBUSY (the
/// server has been started, or has such callbacks already), ENOTSUP (the server of an HTTP server),
/// ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `callbacks` is NULL or has as many bytes as its
/// `size` says. Call it only on the server's loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_set_callbacks(
    server: *mut TCPserver,
    callbacks: *const yolanda_callbacks,
) -> c_int {
    let server = own_server!(server, "yolanda_server_set_callbacks", -1);
    // SAFETY: the header demands NULL or a struct of that size.
    match unsafe { taken(callbacks) } {
        Ok(handlers) => settled(&handlers, server.set_handlers(&handlers)),
        Err(e) => errno::fail(e),
    }
}

/// Sets the callbacks of a client's next connections, in place of those of yolanda_client_new(). A
/// connection that is open keeps what it has. The data is destroyed once the client has been freed, or
/// has got others, and its last connection with them has been freed; on failure it stays yours.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. `callbacks` is NULL or has as many bytes as its
/// `size` says. Call it only on the client's loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_callbacks(
    client: *mut yolanda_client,
    callbacks: *const yolanda_callbacks,
) -> c_int {
    // SAFETY: the header demands NULL or a client that hasn't been freed, and NULL or a struct of that size.
    let done = unsafe {
        client::usable("yolanda_client_set_callbacks", client)
            .and_then(|client| Ok((client, taken(callbacks)?)))
    };
    done.map_or_else(errno::fail, |(client, handlers)| {
        client.set_handlers(handlers);
        0
    })
}

/// Sets the callbacks of one connection, from now on; `completed` isn't called any more where it was its
/// turn. The data of callbacks that are replaced, if they were only this connection's, is destroyed when
/// none of them runs any more. The new data is destroyed with the connection's memory; on failure it
/// stays yours.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `size` isn't set), EPERM on another thread, ENOTCONN (the
/// connection has closed), ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `callbacks` is NULL or has as many
/// bytes as its `size` says. Call it only on the connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_callbacks(
    connection: *mut tcp_connection,
    callbacks: *const yolanda_callbacks,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_callbacks", -1);
    let Some(conn) = conn.to_change() else { return -1 };
    // SAFETY: the header demands NULL or a struct of that size.
    match unsafe { taken(callbacks) } {
        Ok(handlers) => settled(&handlers, conn.set_handlers(&handlers)),
        Err(e) => errno::fail(e),
    }
}

/// Makes a connection of a descriptor, which becomes non-blocking and belongs to the connection from now
/// on. It is tcp_connection_new() with callbacks that have data: all of them, `completed` as well, are
/// called on the loop's thread. If the loop ends before the connection has come to it, only `closed` is
/// called, on this thread.
///
/// Returns the connection, or NULL with errno; the descriptor and the data are then still yours: EINVAL
/// (NULL, `size` isn't set), EBADF, ESHUTDOWN (the loop is being freed), ENOMEM. On any thread but the
/// loop's, the connection may already have been closed and freed when the function returns.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `callbacks` is NULL or has as many bytes as its
/// `size` says. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_new(
    eventLoop: *mut event_loop,
    fd: c_int,
    callbacks: *const yolanda_callbacks,
) -> *mut tcp_connection {
    let l: &RemoteLoop = event_loop!(eventLoop, "yolanda_connection_new", ptr::null_mut());
    if fd < 0 || !sys_fd::is_open(fd) {
        errno::set(explain!(libc::EBADF, "{fd} isn't an open descriptor"));
        return ptr::null_mut();
    }
    // SAFETY: the header demands NULL or a struct of that size.
    let handlers = match unsafe { taken(callbacks) } {
        Ok(handlers) => handlers,
        Err(e) => {
            errno::set(e);
            return ptr::null_mut();
        }
    };
    // SAFETY: the descriptor is open, and the connection's from now on.
    let made = unsafe { register::make(fd, l, |conn| conn.set_handlers(&handlers).is_ok()) };
    made.unwrap_or_else(|| {
        handlers.refuse();
        ptr::null_mut()
    })
}
