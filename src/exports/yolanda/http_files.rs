//! The functions of yolanda.h for serving files.

use crate::abi::types::http_request;
use crate::abi::types::http_response;
use crate::abi::types::http_server;
use crate::abi::types::yolanda_http_files;
use crate::exports::http_server::{status, usable};
use crate::http::files;
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int};

/// Prepares the folder `root` for serving its files. The folder is opened now; later changes of its
/// name or of the working directory have no effect. `flags`: YOLANDA_HTTP_FILES_..., or 0.
///
/// Served are regular files, by GET and HEAD, with a content type according to their extension (text is
/// assumed to be UTF-8; the type of unknown extensions is application/octet-stream) and
/// `X-Content-Type-Options: nosniff`; with ETag, Last-Modified and all conditions of RFC 9110, 13 (304,
/// 412); and one byte range (206, 416). For several ranges the whole file is sent. A folder is served
/// as its index: index.html, or the name set by yolanda_http_files_set_index(). Without a slash at the
/// end, the path of a folder gets a 301 to the path with the slash. Folders are never listed.
///
/// Not served are: anything outside `root`, whatever the path or link; symbolic links and names that
/// begin with a dot, unless `flags` allow them; paths with empty segments, ".", "..", "%2F" or "%00";
/// and anything that isn't a regular file. These get 404, a malformed path 400, an unreadable file 403,
/// other methods 405. None of these responses waits for the body of the request (see
/// yolanda_http_server_route()).
///
/// yolanda_http_response_set_file() describes how a file is sent. If a file isn't in the page cache,
/// the thread waits for the disk while it opens and reads it: for slow disks, use several threads.
///
/// Returns the files, or NULL with errno: EINVAL for NULL or other flags, the errors of open(2) for the
/// folder (ENOENT, ENOTDIR, EACCES, EMFILE ...), ENOMEM. Release them with yolanda_http_files_free().
///
/// # Safety
/// `root` is NULL or a NUL-terminated string. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_new(
    root: *const c_char,
    flags: c_int,
) -> *mut yolanda_http_files {
    jump_to!(crate::http::files::yolanda_http_files_new)
}

/// Frees files. Servers that use them keep what they need, so you may call it as soon as the last
/// yolanda_http_server_files() has returned. Files that are being sent are sent completely.
///
/// Returns 0, or -1 with errno EINVAL for NULL.
///
/// # Safety
/// `files` is NULL or comes from yolanda_http_files_new(). It must not be used again. Any thread may
/// call it while no other thread is inside yolanda_http_files_answer() with these files.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_free(files: *mut yolanda_http_files) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_free)
}

/// Sets the name of the file that is served for a folder. The name is copied. NULL: folders get 404.
///
/// Returns 0, or -1 with errno: EINVAL for NULL files and for an invalid name (empty, with a slash,
/// longer than 255 bytes), EBUSY if the files are already in use.
///
/// # Safety
/// `files` is NULL or files that only the calling thread uses. `name` is NULL or a NUL-terminated
/// string.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_set_index(
    files: *mut yolanda_http_files,
    name: *const c_char,
) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_set_index)
}

/// Sets for how many seconds clients may use a file without asking again, by `Cache-Control: max-age`.
/// With -1, the default, the header isn't sent, and browsers guess.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or another negative number, EBUSY if the files are
/// already in use.
///
/// # Safety
/// `files` is NULL or files that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_set_max_age(
    files: *mut yolanda_http_files,
    seconds: c_int,
) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_set_max_age)
}

/// Makes a server answer GET and HEAD requests for all paths that begin with `prefix` with files. For
/// the prefix "/static/" (or "/static"), the path "/static/a/b.css" stands for a/b.css below the root;
/// "/" stands for all paths. The function adds routes, like yolanda_http_server_route(), for
/// "/static/\*" and for "/static", which redirects to the path with the slash. So routes within the
/// prefix are possible, and they take precedence.
///
/// Returns 0, or -1 with errno like yolanda_http_server_route(): EINVAL, EEXIST, EBUSY (the server has
/// been started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed, `files` is NULL or files that haven't been
/// freed, `prefix` is NULL or a NUL-terminated string. Call it only on the server's loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_files(
    server: *mut http_server,
    prefix: *const c_char,
    files: *mut yolanda_http_files,
) -> c_int {
    // SAFETY: NULL or live objects; the prefix is NULL or ends with a NUL.
    unsafe {
        let Some(server) = usable("yolanda_http_server_files", server) else {
            return -1;
        };
        let Some(files) = files::given("yolanda_http_server_files", files) else {
            return -1;
        };
        if prefix.is_null() {
            return errno::fail(libc::EINVAL);
        }
        let add = |pattern: &[u8], wish| server.add_route(b"GET", pattern, wish);
        status(files::serve_below(files, text(prefix), add))
    }
}

/// Fills in a response with a file: status, headers, body. `path` is a decoded path below the root,
/// with or without a slash at the start, for example from yolanda_http_request_param(); NULL stands for
/// the whole path of the request. The method, the conditions and the range come from the request.
///
/// If the file can't be served, the response is filled in accordingly, with 404 and so on. After a 404
/// the response may be filled in again, for example by a second call with another path; check
/// `statusCode`. Headers that were added before are sent too.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a request without a URL, a response of
/// http_response_new()), ENOMEM (the response is a 503).
///
/// # Safety
/// `files` is NULL or files that haven't been freed. `httpRequest` and `httpResponse` are NULL or
/// belong to a callback or handler that hasn't returned, or to a deferred response that only the
/// calling thread uses. `path` is NULL or a NUL-terminated string. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_answer(
    files: *mut yolanda_http_files,
    httpRequest: *mut http_request,
    httpResponse: *mut http_response,
    path: *const c_char,
) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_answer)
}
