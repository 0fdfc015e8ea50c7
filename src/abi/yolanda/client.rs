//! The types of yolanda.h for clients.

#![forbid(unsafe_code)]

use core::ffi::{c_int, c_void};

/// Connects to a server without blocking and optionally reconnects. It has at most one connection at
/// a time.
pub struct yolanda_client {
    _private: [u8; 0],
}

/// Called on the loop's thread, in a pass of the loop, for each attempt that failed. `error` is
/// an errno value; if several addresses were tried, that of the last one to fail:
///
/// - ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT and others of connect(2); also ETIMEDOUT when
///   the time limit of yolanda_client_set_timeout() has passed. ENOENT: no such Unix socket. EAGAIN:
///   the backlog of the Unix socket is full.
/// - For a host name: ENOENT (there is no such name, or it has no address), EAGAIN (no name server
///   answered), ENOMEM, EHOSTUNREACH for other failures of getaddrinfo(3).
/// - EMFILE, ENFILE, ENOBUFS, ENOMEM: this process has run out of descriptors or memory.
/// - ENODEV: the interface in the address doesn't exist any more.
///
/// yolanda_client_is_active() returns 1 if the client is going to try again, and 0 if it has given up.
/// The callback may call every function of the client, including yolanda_client_start() after the
/// client has given up, and yolanda_client_free().
pub type yolanda_client_failed_callback = Option<
    unsafe extern "C-unwind" fn(client: *mut yolanda_client, error: c_int, data: *mut c_void),
>;
