//! The types of yolanda.h for servers.

#![forbid(unsafe_code)]

use crate::abi::event_loop::event_loop;
use crate::abi::tcp_server::TCPserver;
use core::ffi::{c_int, c_void};

/// For yolanda_server_set_balance(): each of the server's threads in turn.
pub const YOLANDA_BALANCE_IN_TURN: c_int = 0;

/// For yolanda_server_set_balance(): the thread whose loop has the fewest connections.
pub const YOLANDA_BALANCE_FEWEST: c_int = 1;

/// Chooses the loop for a client that was accepted on the socket `fd`, which is the server's: it may ask
/// for the client's address with getpeername(2), but neither read, write nor close. Returns one of the
/// server's loops (see yolanda_server_thread_loop()), or NULL to leave the choice to the server.
pub type yolanda_choose_callback = Option<
    unsafe extern "C-unwind" fn(
        server: *mut TCPserver,
        fd: c_int,
        data: *mut c_void,
    ) -> *mut event_loop,
>;

/// Called on the server's loop when a stop is complete: the server has no connections left.
pub type yolanda_server_callback =
    Option<unsafe extern "C-unwind" fn(server: *mut TCPserver, data: *mut c_void)>;
