//! The functions of yolanda.h for serving files.

use crate::abi::types::http_request;
use crate::abi::types::http_response;
use crate::abi::types::http_server;
use crate::abi::types::yolanda_http_files;
use crate::abi::types::{YOLANDA_HTTP_FILES_HIDDEN as HIDDEN, YOLANDA_HTTP_FILES_LINKS as LINKS};
use crate::exports::check::refuse;
use crate::exports::http_server::{status, usable};
use crate::http::files::Files;
use crate::http::message::http_response::{Kind, Response};
use crate::http::message::request::Request;
use crate::sys::errno;
use crate::sys::text::optional;
use core::ffi::CStr;
use core::ffi::{c_char, c_int};
use core::ptr::{NonNull, null_mut};

/// Prepares the folder `root` for serving its files. The folder is opened now; later changes of its
/// name or of the working directory have no effect. `flags`: YOLANDA_HTTP_FILES_..., or 0.
///
/// It serves regular files, by GET and HEAD, with a content type according to their extension (text
/// is assumed to be UTF-8; the type of unknown extensions is application/octet-stream) and
/// `X-Content-Type-Options: nosniff`; with ETag, Last-Modified and all conditions of RFC 9110, 13
/// (304, 412); and one byte range (206, 416). For several ranges the whole file is sent. For a
/// folder, its index file is served: index.html, or the name set by yolanda_http_files_set_index().
/// The path of a folder without a slash at the end gets a 301 to the path with the slash. Folders are
/// never listed.
///
/// It doesn't serve: anything outside `root`, whatever the path or link; symbolic links and names
/// that begin with a dot, unless `flags` allow them; paths with empty segments, ".", "..", "%2F" or
/// "%00"; and anything that isn't a regular file. These get 404, a malformed path 400, an unreadable
/// file 403, other methods 405. None of these responses waits for the body of the request (see
/// yolanda_http_server_route()).
///
/// yolanda_http_response_set_file() describes how a file is sent. If a file isn't in the page cache,
/// the thread waits for the disk while it opens and reads it: for slow disks, use several threads.
///
/// Returns the files, or NULL with errno: EINVAL for NULL or other flags, the errors of open(2) for the
/// folder (ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EMFILE, ENFILE and others), ENOMEM. Release
/// them with yolanda_http_files_free().
///
/// # Safety
/// `root` is NULL or a NUL-terminated string. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_files_new(
    root: *const c_char,
    flags: c_int,
) -> *mut yolanda_http_files {
    if root.is_null() || flags & !(LINKS | HIDDEN) != 0 {
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: the name isn't NULL, so by contract it is NUL-terminated.
    let root = unsafe { CStr::from_ptr(root) };
    match Files::open(root, flags & LINKS != 0, flags & HIDDEN != 0) {
        Ok(files) => files.into_raw().as_ptr().cast(),
        Err(error) => {
            errno::set(error);
            null_mut()
        }
    }
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
pub unsafe extern "C-unwind" fn yolanda_http_files_free(files: *mut yolanda_http_files) -> c_int {
    let Some(files) = NonNull::new(files.cast::<Files>()) else {
        refuse("yolanda_http_files_free: no files");
        return -1;
    };
    // SAFETY: by contract live files, which the program doesn't use afterwards.
    unsafe { Files::let_go(files) };
    0
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
pub unsafe extern "C-unwind" fn yolanda_http_files_set_index(
    files: *mut yolanda_http_files,
    name: *const c_char,
) -> c_int {
    let files: *mut Files = files.cast();
    let files = non_null!(files, "yolanda_http_files_set_index: no files", -1);
    // SAFETY: by contract the name is NULL or NUL-terminated.
    status(files.set_index(unsafe { optional(name) }))
}

/// Sets for how many seconds clients may use a file without revalidating it, by
/// `Cache-Control: max-age`. With -1, the default, the header isn't sent, and browsers guess.
///
/// Returns 0, or -1 with errno: EINVAL for NULL or another negative number, EBUSY if the files are
/// already in use.
///
/// # Safety
/// `files` is NULL or files that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_files_set_max_age(
    files: *mut yolanda_http_files,
    seconds: c_int,
) -> c_int {
    let files: *mut Files = files.cast();
    let files = non_null!(files, "yolanda_http_files_set_max_age: no files", -1);
    status(files.set_max_age(seconds))
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
/// freed, `prefix` is NULL or a NUL-terminated string. Call it only on the thread of the server's
/// loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_server_files(
    server: *mut http_server,
    prefix: *const c_char,
    files: *mut yolanda_http_files,
) -> c_int {
    // SAFETY: by contract NULL or a live server.
    let Some(server) = (unsafe { usable("yolanda_http_server_files", server) }) else {
        return -1;
    };
    let Some(files) = NonNull::new(files.cast::<Files>()) else {
        refuse("yolanda_http_server_files: no files");
        return -1;
    };
    // SAFETY: by contract the prefix is NULL or NUL-terminated.
    let Some(prefix) = (unsafe { optional(prefix) }) else {
        return errno::fail(libc::EINVAL);
    };
    let add = |pattern: &[u8], wish| server.add_route(b"GET", pattern, wish);
    // SAFETY: by contract live files, to which the program has a reference.
    status(unsafe { Files::serve_below(files, prefix, add) })
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
pub unsafe extern "C-unwind" fn yolanda_http_files_answer(
    files: *mut yolanda_http_files,
    httpRequest: *mut http_request,
    httpResponse: *mut http_response,
    path: *const c_char,
) -> c_int {
    let files: *mut Files = files.cast();
    let files = non_null!(files, "yolanda_http_files_answer: no files", -1);
    // SAFETY: by contract NULL or a live request and response of the library.
    let (request, response) = unsafe {
        (httpRequest.cast::<Request>().as_ref(), httpResponse.cast::<Response>().as_ref())
    };
    let (Some(request), Some(response)) = (request, response) else {
        return errno::fail(libc::EINVAL);
    };
    if request.public().url.get().is_null() || response.kind() == Kind::OfProgram {
        return errno::fail(libc::EINVAL);
    }
    files.note_use();
    // SAFETY: by contract the path is NULL or NUL-terminated.
    let path = match unsafe { optional(path) } {
        None => request.segments(),
        Some(path) => Ok(path),
    };
    status(files.answer(request, response, path))
}
