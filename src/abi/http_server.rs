//! The types of lib/http_server.h.

#![forbid(unsafe_code)]

use crate::abi::http_request::http_request;
use crate::abi::http_response::http_response;
use crate::abi::tcp_server::TCPserver;
use core::cell::Cell;
use core::ffi::c_int;

/// Called on the connection's thread for every complete request; fills in the response. The return
/// value is ignored. Both structs belong to the library and are valid until the callback returns.
pub type request_callback = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        httpResponse: *mut http_response,
    ) -> c_int,
>;

/// An HTTP/1.1 server. It comes from http_server_new() or yolanda_http_server_new(); the library keeps
/// more data after these fields.
#[repr(C)]
pub struct http_server {
    /// The TCP server that it uses.
    pub tcpServer: Cell<*mut TCPserver>,
    /// May be replaced at any time on the loop's thread. If it is NULL and there are no routes
    /// (yolanda.h), every response is a 500.
    pub requestCallback: Cell<request_callback>,
}

assert_layout!(http_server, 16;
    tcpServer: 0, 8;
    requestCallback: 8, 8;
);
