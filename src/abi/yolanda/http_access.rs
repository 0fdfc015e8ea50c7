//! The types of yolanda.h for the access log.

#![forbid(unsafe_code)]

use crate::abi::http_request::http_request;
use crate::abi::tcp_connection::tcp_connection;
use core::ffi::{c_char, c_int, c_void};

/// Information about a response. The strings are copies of what the client sent, without control
/// characters except tabs. They belong to the library and are valid until the callback returns. Later
/// versions may add fields at the end.
#[repr(C)]
pub struct yolanda_http_access {
    /// The client's address in the format of yolanda_connection_peer(); "" if the client left at
    /// once.
    pub peer: *const c_char,
    /// The method; NULL if no request line was understood.
    pub method: *const c_char,
    /// The target as the client sent it, without a leading `http://HOST`, regardless of changes that
    /// the callback made to `url`. NULL if no request line was understood.
    pub url: *const c_char,
    /// The version; NULL if no request line was understood.
    pub version: *const c_char,
    /// The header Referer; NULL if there is none.
    pub referer: *const c_char,
    /// The header User-Agent; NULL if there is none.
    pub user_agent: *const c_char,
    /// The status that was sent; 0 if the connection ended before anything was sent.
    pub status: c_int,
    /// 1 if the response is incomplete, because the client has gone or it was aborted; otherwise 0.
    /// Bytes in memory count as sent when they have been passed to the connection, those of files
    /// when the system has accepted them.
    pub cut: c_int,
    /// The number of bytes of the body that were sent, as defined above, without the framing of
    /// chunks.
    pub body_bytes: u64,
    /// When the first byte of the request was seen, in microseconds since 1970-01-01 UTC.
    pub began_us: i64,
    /// Microseconds from then until the end of the response was sent, as defined above.
    pub duration_us: i64,
    /// The request; NULL if there is none, or if it belongs to another thread.
    pub request: *mut http_request,
    /// The connection. It may be about to close.
    pub connection: *mut tcp_connection,
}

/// Called on the connection's thread; on several threads at once if the server has threads.
pub type yolanda_http_access_callback =
    Option<unsafe extern "C-unwind" fn(entry: *const yolanda_http_access, data: *mut c_void)>;
