use crate::abi::http_request::http_request;
use crate::abi::http_response::http_response;
use crate::abi::tcp_server::TCPserver;
use core::cell::Cell;
use core::ffi::c_int;

/// Called on the connection's thread for every complete request; fills in the response. What it
/// returns is ignored. Both structs are the library's and valid until it returns.
pub type request_callback = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        httpResponse: *mut http_response,
    ) -> c_int,
>;

/// An HTTP/1.1 server. From http_server_new(); the library keeps more behind these fields.
#[repr(C)]
pub struct http_server {
    /// The server that it runs on.
    pub tcpServer: Cell<*mut TCPserver>,
    /// May be replaced at any time on the loop's thread; with NULL, and without routes (yolanda.h), every
    /// answer is a 500.
    pub requestCallback: Cell<request_callback>,
}

assert_layout!(http_server, 16;
    tcpServer: 0, 8;
    requestCallback: 8, 8;
);
