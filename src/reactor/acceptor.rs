//! Acceptors: the listening socket of a server that the program makes with the original's functions.

use crate::abi::types::acceptor;
use crate::common::socket::listen_or_exit;
use crate::sys::fd;
use libc::c_int;
use std::cell::Cell;
use std::ptr;

/// Listens on an IPv4 port. NULL if out of memory; ends the process if the port can't be used.
pub fn acceptor_init(port: c_int) -> *mut acceptor {
    let (listen_fd, listen_port) = listen_or_exit(port, true);
    // SAFETY: the block has the struct's size, and is checked for NULL before it is written.
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
