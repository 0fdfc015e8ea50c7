//! The answers that the library itself gives.
#![forbid(unsafe_code)]

pub(super) type Status = u32;

pub(super) const BAD_REQUEST: Status = 400;
pub(super) const CONTENT_TOO_LARGE: Status = 413;
pub(super) const URI_TOO_LONG: Status = 414;
pub(super) const HEADERS_TOO_LARGE: Status = 431;
pub(super) const SERVER_ERROR: Status = 500;
pub(super) const NOT_IMPLEMENTED: Status = 501;
pub(super) const NO_MEMORY: Status = 503;
pub(super) const VERSION_NOT_SUPPORTED: Status = 505;

pub(super) fn reason(status: Status) -> &'static [u8] {
    match status {
        BAD_REQUEST => b"Bad Request",
        CONTENT_TOO_LARGE => b"Content Too Large",
        URI_TOO_LONG => b"URI Too Long",
        HEADERS_TOO_LARGE => b"Request Header Fields Too Large",
        SERVER_ERROR => b"Internal Server Error",
        NOT_IMPLEMENTED => b"Not Implemented",
        NO_MEMORY => b"Service Unavailable",
        VERSION_NOT_SUPPORTED => b"HTTP Version Not Supported",
        _ => b"",
    }
}
