//! Makes HTTP servers, each based on a TCP server whose callbacks it provides.

use core::ffi::c_int;
use core::ptr::NonNull;

use crate::abi::types::request_callback;
use crate::http::server::protocol::HTTP;
use crate::http::server::server_state::{self, HttpServer};
use crate::reactor::acceptor::acceptor_init;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_server::Server;
use crate::sys::{errno, fd};

const CALLBACKS: Callbacks = Callbacks {
    completed: HTTP.completed,
    message: HTTP.message,
    write_completed: HTTP.write_completed,
    closed: HTTP.closed,
};

/// A server on a port (0: any free one). None with errno if out of memory. If the port can't be used, the process
/// ends, as with the original. Must be called on the loop's thread.
pub fn on_port(
    l: &Loop,
    port: c_int,
    callback: request_callback,
    threads: c_int,
) -> Option<NonNull<HttpServer>> {
    let Some(server) = server_state::allocate(callback) else {
        log_err!("http_server_new: no memory");
        return None;
    };
    let acceptor = NonNull::new(acceptor_init(port));
    // SAFETY: the TCP server owns the acceptor and frees it.
    let made = acceptor.ok_or(libc::ENOMEM).and_then(|acceptor| unsafe {
        let made = Server::on_acceptor(l, acceptor, &CALLBACKS, threads)?;
        made.as_ref().own_acceptor();
        Ok(made)
    });
    match made {
        Ok(tcp_server) => {
            // SAFETY: both servers are new.
            unsafe { stand_on(server, tcp_server) };
            Some(server)
        }
        Err(error) => {
            log_err!("http_server_new: no server on port {}", port);
            // SAFETY: nothing else refers to the server or to the acceptor, which came from malloc.
            unsafe {
                if let Some(acceptor) = acceptor {
                    fd::close(acceptor.as_ref().listen_fd.get());
                    libc::free(acceptor.as_ptr().cast());
                }
                server_state::dispose(server.as_ptr().cast());
            }
            errno::set(error);
            None
        }
    }
}

/// A server on an address in text form. Err with errno. Must be called on the loop's thread.
pub fn on_address(
    l: &Loop,
    address: &[u8],
    callback: request_callback,
    threads: c_int,
) -> Result<NonNull<HttpServer>, c_int> {
    let server = server_state::allocate(callback).ok_or(libc::ENOMEM)?;
    match Server::on_address(l, address, &CALLBACKS, threads) {
        Ok(tcp_server) => {
            // SAFETY: both servers are new.
            unsafe { stand_on(server, tcp_server) };
            Ok(server)
        }
        Err(error) => {
            // SAFETY: nothing else refers to the server.
            unsafe { server_state::dispose(server.as_ptr().cast()) };
            Err(error)
        }
    }
}

/// Connects the two servers: the HTTP server's memory is freed with the TCP server.
///
/// # Safety
/// Both servers are new.
unsafe fn stand_on(server: NonNull<HttpServer>, tcp_server: NonNull<Server>) {
    let block = server.as_ptr().cast();
    // SAFETY: nothing else refers to either of them yet. The block is disposed of when no connection needs it.
    unsafe {
        server.as_ref().public.tcpServer.set(tcp_server.as_ref().as_c());
        tcp_server.as_ref().set_data(block);
        tcp_server.as_ref().speaks(&HTTP);
        tcp_server.as_ref().disposes(block, server_state::dispose);
    }
}
