//! Who made a connection and hears of its end.

use crate::reactor::client::Client;
use crate::reactor::tcp_server::Server;
use libc::c_void;
use std::ptr;

/// A server, a client or nobody, in the size of a pointer: both are aligned, so that the lowest bit
/// can tell a client.
#[derive(Clone, Copy)]
pub struct Owner(*mut c_void);

impl Owner {
    pub const NOBODY: Owner = Owner(ptr::null_mut());

    pub fn of_server(server: *mut Server) -> Owner {
        Owner(server.cast())
    }

    pub fn of_client(client: *mut Client) -> Owner {
        Owner(client.cast::<c_void>().wrapping_byte_add(1))
    }

    /// NULL where it isn't a server.
    pub fn server(self) -> *mut Server {
        if self.0.addr() & 1 == 0 { self.0.cast() } else { ptr::null_mut() }
    }

    /// NULL where it isn't a client.
    pub fn client(self) -> *mut Client {
        if self.0.addr() & 1 == 1 { self.0.wrapping_byte_sub(1).cast() } else { ptr::null_mut() }
    }
}
