use core::ffi::{c_int, c_void};

/// Makes a connection to one server, without blocking, and makes it again where that is wanted.
/// It has one connection at a time.
pub struct yolanda_client {
    _private: [u8; 0],
}

/// Called on the loop's thread, from its pass, for each attempt that failed: the connection wasn't
/// made. `error` is an errno value, of several addresses that of the last one to fail:
///
/// - ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT and others of connect(2); also ETIMEDOUT when
///   the time of yolanda_client_set_timeout() is over. ENOENT: no such unix socket. EAGAIN: its
///   queue is full.
/// - For a host name: ENOENT (there is no such name, or it has no address), EAGAIN (no name server
///   answered), ENOMEM, EHOSTUNREACH for other failures of getaddrinfo(3).
/// - EMFILE, ENFILE, ENOBUFS, ENOMEM: this side lacks descriptors or memory.
/// - ENODEV: the interface that the address names is gone.
///
/// yolanda_client_is_active() tells how it goes on: 1 when the client is going to try again, 0 when it
/// has given up. The callback may call every function of the client, also yolanda_client_start() after the
/// client has given up, and yolanda_client_free().
pub type yolanda_client_failed_callback = Option<
    unsafe extern "C-unwind" fn(client: *mut yolanda_client, error: c_int, data: *mut c_void),
>;
