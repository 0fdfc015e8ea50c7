//! Status codes that the library sends, and the standard texts.

#![forbid(unsafe_code)]

use core::ffi::CStr;

pub type Status = u32;

pub const NO_CONTENT: Status = 204;
pub const PARTIAL_CONTENT: Status = 206;
pub const MOVED: Status = 301;
pub const NOT_MODIFIED: Status = 304;
pub const RESET_CONTENT: Status = 205;
pub const BAD_REQUEST: Status = 400;
pub const FORBIDDEN: Status = 403;
pub const NOT_FOUND: Status = 404;
pub const METHOD_NOT_ALLOWED: Status = 405;
pub const REQUEST_TIMEOUT: Status = 408;
pub const PRECONDITION_FAILED: Status = 412;
pub const CONTENT_TOO_LARGE: Status = 413;
pub const URI_TOO_LONG: Status = 414;
pub const RANGE_NOT_SATISFIABLE: Status = 416;
pub const EXPECTATION_FAILED: Status = 417;
pub const MISDIRECTED: Status = 421;
pub const HEADERS_TOO_LARGE: Status = 431;
pub const SERVER_ERROR: Status = 500;
pub const NOT_IMPLEMENTED: Status = 501;
pub const NO_MEMORY: Status = 503;
pub const SERVICE_UNAVAILABLE: Status = 503;
pub const VERSION_NOT_SUPPORTED: Status = 505;

/// The standard text of a status (RFC 9110, 15; RFC 6585), followed by a NUL; empty for other codes.
pub fn text(status: Status) -> &'static CStr {
    match status {
        100 => c"Continue",
        101 => c"Switching Protocols",
        103 => c"Early Hints",
        200 => c"OK",
        201 => c"Created",
        202 => c"Accepted",
        203 => c"Non-Authoritative Information",
        204 => c"No Content",
        205 => c"Reset Content",
        206 => c"Partial Content",
        300 => c"Multiple Choices",
        301 => c"Moved Permanently",
        302 => c"Found",
        303 => c"See Other",
        304 => c"Not Modified",
        307 => c"Temporary Redirect",
        308 => c"Permanent Redirect",
        400 => c"Bad Request",
        401 => c"Unauthorized",
        402 => c"Payment Required",
        403 => c"Forbidden",
        404 => c"Not Found",
        405 => c"Method Not Allowed",
        406 => c"Not Acceptable",
        407 => c"Proxy Authentication Required",
        408 => c"Request Timeout",
        409 => c"Conflict",
        410 => c"Gone",
        411 => c"Length Required",
        412 => c"Precondition Failed",
        413 => c"Content Too Large",
        414 => c"URI Too Long",
        415 => c"Unsupported Media Type",
        416 => c"Range Not Satisfiable",
        417 => c"Expectation Failed",
        421 => c"Misdirected Request",
        422 => c"Unprocessable Content",
        426 => c"Upgrade Required",
        428 => c"Precondition Required",
        429 => c"Too Many Requests",
        431 => c"Request Header Fields Too Large",
        500 => c"Internal Server Error",
        501 => c"Not Implemented",
        502 => c"Bad Gateway",
        503 => c"Service Unavailable",
        504 => c"Gateway Timeout",
        505 => c"HTTP Version Not Supported",
        _ => c"",
    }
}

/// The same, without the NUL.
pub fn reason(status: Status) -> &'static [u8] {
    text(status).to_bytes()
}
