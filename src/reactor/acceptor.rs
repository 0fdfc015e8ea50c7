//! A listening socket.

use crate::abi::types::acceptor;
use crate::common::socket::listen_or_exit;
use libc::c_int;
use std::cell::Cell;
use std::ptr;

pub unsafe extern "C" fn acceptor_init(port: c_int) -> *mut acceptor {
    let (listen_fd, listen_port) = listen_or_exit(port, true);
    // SAFETY: the block is checked before use.
    unsafe {
        let a = libc::malloc(size_of::<acceptor>()).cast::<acceptor>();
        if a.is_null() {
            crate::sys::fd::close(listen_fd);
            return ptr::null_mut();
        }
        a.write(acceptor { listen_port: Cell::new(listen_port), listen_fd: Cell::new(listen_fd) });
        a
    }
}
