//! The type of yolanda.h for callbacks with data of the program's.

use crate::abi::buffer::buffer;
use crate::abi::tcp_connection::tcp_connection;
use core::ffi::c_void;

/// Callbacks of connections, with data of the program's. Zero the struct, set `size` and what you need:
/// a callback that is NULL isn't called. All are called on the connection's own thread.
///
/// The library copies the struct. It keeps `data` until no connection needs it any more, and then calls
/// `destroy(data)`, once, on the thread that gives up the last reference.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct yolanda_callbacks {
    /// sizeof(struct yolanda_callbacks). Newer versions may add callbacks at the end.
    pub size: usize,
    /// It is passed to each of the callbacks.
    pub data: *mut c_void,
    /// It must not use the connection, the server or the client.
    pub destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
    /// The connection has come to its loop. Unlike connection_completed_call_back it is always called on
    /// the connection's own thread.
    pub completed:
        Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, data: *mut c_void)>,
    /// Bytes have arrived in `input`. What the callback leaves there is kept, and is still there when
    /// it is called with more.
    pub message: Option<
        unsafe extern "C-unwind" fn(
            connection: *mut tcp_connection,
            input: *mut buffer,
            data: *mut c_void,
        ),
    >,
    /// The kernel has taken all bytes that were queued.
    pub write_completed:
        Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, data: *mut c_void)>,
    /// The connection has closed, once. yolanda_connection_error() says why.
    pub closed:
        Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, data: *mut c_void)>,
}
