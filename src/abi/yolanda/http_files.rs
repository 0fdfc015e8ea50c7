use core::ffi::c_int;

/// A folder whose files are served. Once it is in use it doesn't change, and any number of threads and servers
/// may use it at once.
pub struct yolanda_http_files {
    _private: [u8; 0],
}

/// Follows symbolic links, relative ones that stay within the folder.
pub const YOLANDA_HTTP_FILES_LINKS: c_int = 1;

/// Serves what begins with a dot.
pub const YOLANDA_HTTP_FILES_HIDDEN: c_int = 2;
