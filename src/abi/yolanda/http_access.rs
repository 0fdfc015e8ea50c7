use crate::abi::http_request::http_request;
use crate::abi::tcp_connection::tcp_connection;
use core::ffi::{c_char, c_int, c_void};

/// What a server tells of a response. The texts are copies of what the client has sent, which has no control
/// characters but tabs; they are the library's, and valid until the callback returns. Later versions may add
/// fields at the end.
#[repr(C)]
pub struct yolanda_http_access {
    /// The client's address, as yolanda_connection_peer() writes it; "" where it was gone at once.
    pub peer: *const c_char,
    /// The method; NULL where no request line was understood.
    pub method: *const c_char,
    /// The target as the client wrote it, but for `http://HOST` before the path, whatever the callback did to `url`;
    /// NULL as above.
    pub url: *const c_char,
    /// The version; NULL as above.
    pub version: *const c_char,
    /// The header Referer; NULL without it.
    pub referer: *const c_char,
    /// The header User-Agent; NULL without it.
    pub user_agent: *const c_char,
    /// The status that was sent; 0 where the connection ended before anything was.
    pub status: c_int,
    /// 1 where the response isn't whole: its client has gone, or it was broken off; else 0. Bytes in memory
    /// count as sent when the connection has them, files when the system has them.
    pub cut: c_int,
    /// Bytes of the body that were sent, in that sense, without what chunks stand in.
    pub body_bytes: u64,
    /// When the first byte of the request was seen: microseconds since 1970-01-01, in UTC.
    pub began_us: i64,
    /// Microseconds from then until the end of the response was sent, in that sense.
    pub duration_us: i64,
    /// The request; NULL where there is none, or where it is another thread's.
    pub request: *mut http_request,
    /// The connection. It may be about to close.
    pub connection: *mut tcp_connection,
}

/// Called on the connection's thread, on several threads at once where the server has some.
pub type yolanda_http_access_callback =
    Option<unsafe extern "C-unwind" fn(entry: *const yolanda_http_access, data: *mut c_void)>;
