use crate::abi::types::http_request;
use crate::abi::types::http_response;
use crate::abi::types::http_server;
use crate::abi::types::yolanda_http_files;
use crate::exports::http_server::{status, usable};
use crate::http::files;
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int};

/// Makes files of the folder `root`, which is opened now: whatever becomes of its name, or of the working
/// directory, it stays the same folder. `flags`: YOLANDA_HTTP_FILES_..., or 0.
///
/// What is served: regular files, by GET and HEAD, with a content type by their extension (text is taken to
/// be UTF-8, application/octet-stream stands for what is unknown) and `X-Content-Type-Options: nosniff`;
/// ETag, Last-Modified, and all conditions that RFC 9110, 13, has for them (304, 412); one range of bytes
/// (206, 416), while several are answered with the whole file. A folder is its index, index.html unless
/// yolanda_http_files_set_index() names another; without the slash behind its name it is 301 to the path
/// with it. Folders are never listed.
///
/// What isn't: nothing outside of `root`, by whatever path or link; symbolic links, names that begin with a
/// dot, unless `flags` say otherwise; paths with empty segments, "." or "..", "%2F" or "%00"; anything that
/// isn't a regular file. All that gets 404, a malformed path 400, what may not be read 403, other methods
/// 405, none of which waits for a body that the request has (see yolanda_http_server_route()).
///
/// How a file is sent is told at yolanda_http_response_set_file(). Opening and reading it makes the thread
/// wait for the disk, where the page cache doesn't have it: slow disks want several threads.
///
/// Returns the files, to be released by yolanda_http_files_free(), or NULL with errno: EINVAL for NULL or other
/// flags, as open(2) of the folder (ENOENT, ENOTDIR, EACCES, EMFILE ...), ENOMEM.
///
/// # Safety
/// `root` is NULL or ends with a NUL. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_new(
    root: *const c_char,
    flags: c_int,
) -> *mut yolanda_http_files {
    jump_to!(crate::http::files::yolanda_http_files_new)
}

/// Frees files. Servers that have them keep what they need, so this may come as soon as the last
/// yolanda_http_server_files() has returned; what is being sent is sent.
///
/// Returns 0, or -1 with EINVAL for NULL.
///
/// # Safety
/// `files` is NULL, or of yolanda_http_files_new() and not used again. Any thread may call it, except while
/// another one is in yolanda_http_files_answer() with them.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_free(files: *mut yolanda_http_files) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_free)
}

/// Sets the name of the file that stands for its folder, which is copied. NULL: folders are 404.
///
/// Returns 0, or -1 with errno: EINVAL for NULL files and what is no name (empty, with a slash, longer than 255
/// bytes), EBUSY once they are in use.
///
/// # Safety
/// `files` is NULL or files that no other thread uses; `name` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_set_index(
    files: *mut yolanda_http_files,
    name: *const c_char,
) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_set_index)
}

/// Sets how long clients may use a file without asking again: `Cache-Control: max-age`, in seconds. -1, the
/// default, sends no such header; then browsers guess.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or another negative number, EBUSY once they are in use.
///
/// # Safety
/// `files` is NULL or files that no other thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_files_set_max_age(
    files: *mut yolanda_http_files,
    seconds: c_int,
) -> c_int {
    jump_to!(crate::http::files::yolanda_http_files_set_max_age)
}

/// Has a server answer GET and HEAD of all paths that begin with `prefix` with the files: with "/static/"
/// (or "/static") "/static/a/b.css" is a/b.css below the root; "/" stands for all paths. It makes routes, as
/// yolanda_http_server_route() does for "/static/\*" and "/static", which leads to the path with the slash; so
/// other routes may lie within, and come first.
///
/// Returns 0, or -1 with errno as yolanda_http_server_route(): EINVAL, EEXIST, EBUSY (the server has been
/// started), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server, `files` NULL or files; `prefix` is NULL or ends with a NUL. Only on the
/// server's loop's thread.
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

/// Fills in a response with a file: status, headers, body. `path` is a decoded path below the root, with or
/// without a slash at its start, such as yolanda_http_request_param() tells; NULL stands for all of the
/// request's own path. Method, conditions and range are the request's.
///
/// What can't be served is an answer as well: 404 and so on. After a 404 the response may be filled in
/// anew, by a second call with another path for instance; `statusCode` tells. Headers that were added
/// before are sent as well.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a request without a URL, a response of http_response_new()),
/// ENOMEM (the response is a 503).
///
/// # Safety
/// `files` is NULL or files. `httpRequest` and `httpResponse` are NULL or those of a callback or handler
/// that hasn't returned, or of a deferred response, on the thread that uses it. `path` is NULL or ends with
/// a NUL.
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
