//! The types of yolanda.h for serving files.

#![forbid(unsafe_code)]

use core::ffi::c_int;

/// A folder whose files are served. It doesn't change after its first use; any number of threads and
/// servers may then use it at the same time.
pub struct yolanda_http_files {
    _private: [u8; 0],
}

/// Follow symbolic links if they are relative and stay within the folder.
pub const YOLANDA_HTTP_FILES_LINKS: c_int = 1;

/// Serve names that begin with a dot.
pub const YOLANDA_HTTP_FILES_HIDDEN: c_int = 2;
