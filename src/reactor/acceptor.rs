//! Making an acceptor: the listening socket of a server that the program makes by hand.

use crate::abi::types::acceptor;
use crate::common::socket::listen_or_exit;
use crate::sys::fd;
use libc::c_int;
use std::cell::Cell;
use std::ptr;

/// Listens on an IPv4 port. NULL when memory is out; ends the process where the port can't be had.
pub fn acceptor_init(port: c_int) -> *mut acceptor {
    let (listen_fd, listen_port) = listen_or_exit(port, true);
    // SAFETY: the block has the struct's size, and is checked before it is written.
    unsafe {
        let made = libc::malloc(size_of::<acceptor>()).cast::<acceptor>();
        if made.is_null() {
            fd::close(listen_fd);
            return ptr::null_mut();
        }
        made.write(acceptor {
            listen_port: Cell::new(listen_port),
            listen_fd: Cell::new(listen_fd),
        });
        made
    }
}
