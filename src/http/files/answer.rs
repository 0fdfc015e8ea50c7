//! From a request to the response that has a file, or says why there is none.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::Write;
use core::sync::atomic::Ordering::Relaxed;

use super::{Files, NAME, given};
use crate::abi::types::{http_request, http_response, yolanda_http_files};
use crate::http::files::conditions::{Verdict, judge, may_be_part};
use crate::http::files::open::open;
use crate::http::files::path::{LONGEST, Wanted, wanted, with_slash};
use crate::http::files::range::{Part, part};
use crate::http::files::types::type_of;
use crate::http::files::validator::Validator;
use crate::http::message::body_file;
use crate::http::message::body_file::BodyFile;
use crate::http::message::collected::Collected;
use crate::http::message::http_request::values;
use crate::http::message::http_response::{Kind, Response, set_standard};
use crate::http::message::request;
use crate::http::message::request::{Lack, Request};
use crate::http::message::request_parts;
use crate::http::message::response_setters::put_header;
use crate::http::wire::date;
use crate::http::wire::encode::Sink;
use crate::http::wire::status::{
    BAD_REQUEST, FORBIDDEN, METHOD_NOT_ALLOWED, MOVED, NO_MEMORY, NOT_FOUND, NOT_MODIFIED,
    PARTIAL_CONTENT, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, SERVER_ERROR, Status,
};
use crate::http::wire::url::split;
use crate::sys::text::text;
use crate::sys::{clock, errno, file as sys_file};

const OK: Status = 200;

pub unsafe extern "C" fn yolanda_http_files_answer(
    files: *mut yolanda_http_files,
    httpRequest: *mut http_request,
    httpResponse: *mut http_response,
    path: *const c_char,
) -> c_int {
    // SAFETY: NULL or live objects; NULL or a C string.
    unsafe {
        let Some(files) = given("yolanda_http_files_answer", files) else {
            return -1;
        };
        if httpRequest.is_null() || httpResponse.is_null() || (*httpRequest).url.get().is_null() {
            return errno::fail(libc::EINVAL);
        }
        let (request, response): (*mut Request, *mut Response) =
            (httpRequest.cast(), httpResponse.cast());
        if (*response).kind == Kind::OfProgram {
            return errno::fail(libc::EINVAL);
        }
        if !(*files).used.load(Relaxed) {
            (*files).used.store(true, Relaxed);
        }
        let path = if path.is_null() { request::segments(request) } else { Ok(text(path)) };
        fill(&*files, request, response, path)
    }
}

/// The handler of the routes that `yolanda_http_server_files` makes.
pub unsafe extern "C-unwind" fn on_request(
    request: *mut http_request,
    response: *mut http_response,
    files: *mut c_void,
) {
    // SAFETY: live objects, and the route's files.
    unsafe {
        let own: *mut Request = request.cast();
        let rest = request_parts::yolanda_http_request_param(request, c"*".as_ptr());
        // What stands in the path, where it is told which slashes were escaped; with the one before it.
        let len = if rest.is_null() { 0 } else { text(rest).len() + 1 };
        let path = request::segments(own).map(|path| {
            path.len().checked_sub(len).and_then(|start| path.get(start..)).unwrap_or(b"")
        });
        fill(&*files.cast::<Files>(), own, response.cast(), path);
    }
}

/// 0 with the response filled in, or -1 with ENOMEM and a 503.
unsafe fn fill(
    files: &Files,
    request: *mut Request,
    response: *mut Response,
    path: Result<&[u8], Lack>,
) -> c_int {
    // SAFETY: live objects; the response is one that setters take.
    unsafe {
        let done = match (request::method(request), path) {
            (_, Err(Lack::NoMemory)) => None,
            (b"GET" | b"HEAD", Err(Lack::Malformed)) => plain(response, BAD_REQUEST),
            (b"GET" | b"HEAD", Ok(path)) => find(files, request, response, path),
            _ => put_header(response, c"Allow", b"GET, HEAD")
                .and_then(|()| plain(response, METHOD_NOT_ALLOWED)),
        };
        if done.is_none() {
            set_standard(response, NO_MEMORY);
            return errno::fail(libc::ENOMEM);
        }
    }
    0
}

/// A response that has nothing but its status.
unsafe fn plain(response: *mut Response, status: Status) -> Option<()> {
    // SAFETY: a live response.
    unsafe { set_standard(response, status) };
    Some(())
}

/// The status where a file couldn't be opened.
fn status_of(error: c_int) -> Status {
    match error {
        libc::EACCES | libc::EPERM => FORBIDDEN,
        libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN => NO_MEMORY,
        libc::ENOENT | libc::ENOTDIR | libc::ELOOP | libc::EXDEV | libc::ENAMETOOLONG => NOT_FOUND,
        // What nobody serves, a socket for instance.
        libc::ENXIO | libc::ENODEV => NOT_FOUND,
        _ => SERVER_ERROR,
    }
}

/// The name of a file below the root, as a string.
struct Name {
    bytes: [u8; LONGEST + 1 + NAME + 1],
    len: usize,
}

impl Name {
    fn of(name: &[u8]) -> Name {
        let mut whole = Name { bytes: [0; LONGEST + 1 + NAME + 1], len: 0 };
        whole.add(name);
        whole
    }

    /// All but the last byte, which is a NUL, may be used.
    fn add(&mut self, part: &[u8]) {
        for (place, &byte) in self.bytes.iter_mut().skip(self.len).zip(part) {
            *place = byte;
        }
        self.len = (self.len + part.len()).min(self.bytes.len() - 1);
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(b"")
    }

    fn text(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
}

/// What was found below the root.
enum Found {
    File(BodyFile, libc::stat),
    Folder,
    Nothing(Status),
}

fn look(files: &Files, name: &Name) -> Found {
    let fd = match open(files.root, name.text(), files.links) {
        Ok(fd) => fd,
        Err(error) => return Found::Nothing(status_of(error)),
    };
    let mut file = BodyFile { fd, at: 0, length: 0 };
    let Some(status) = sys_file::status(fd) else {
        return Found::Nothing(SERVER_ERROR);
    };
    if sys_file::is_regular(&status) {
        file.length = status.st_size as u64;
        return Found::File(file, status);
    }
    match status.st_mode & libc::S_IFMT {
        libc::S_IFDIR => Found::Folder,
        _ => Found::Nothing(NOT_FOUND),
    }
}

/// None when memory is out, as for all that follow.
unsafe fn find(
    files: &Files,
    request: *mut Request,
    response: *mut Response,
    path: &[u8],
) -> Option<()> {
    // SAFETY: live objects.
    unsafe {
        let Some(Wanted { name: wanted, is_folder }) = wanted(path, files.hidden) else {
            return plain(response, NOT_FOUND);
        };
        let mut name = Name::of(wanted);
        if !is_folder {
            let found = if wanted.is_empty() { Found::Folder } else { look(files, &name) };
            match found {
                Found::File(file, status) => {
                    return send(files, request, response, &name, file, &status);
                }
                Found::Nothing(status) => return plain(response, status),
                Found::Folder => {
                    let (path, query) = split(text((*request.cast::<http_request>()).url.get()));
                    if !path.ends_with(b"/") {
                        return redirect(response, path, query);
                    }
                }
            }
        }
        let index = CStr::from_bytes_until_nul(&files.index).unwrap_or(c"").to_bytes();
        if index.is_empty() {
            return plain(response, NOT_FOUND);
        }
        if !wanted.is_empty() {
            name.add(b"/");
        }
        name.add(index);
        match look(files, &name) {
            Found::File(file, status) => send(files, request, response, &name, file, &status),
            Found::Nothing(status) => plain(response, status),
            Found::Folder => plain(response, NOT_FOUND),
        }
    }
}

unsafe fn redirect(response: *mut Response, path: &[u8], query: &[u8]) -> Option<()> {
    let mut location = Collected::new();
    with_slash(path, query, |part| location.put(part));
    // SAFETY: a live response.
    unsafe {
        put_header(response, c"Location", location.bytes()?)?;
        plain(response, MOVED)
    }
}

/// A few words with numbers.
struct Words {
    bytes: [u8; 96],
    len: usize,
}

impl Words {
    fn of(words: core::fmt::Arguments<'_>) -> Words {
        let mut text = Words { bytes: [0; 96], len: 0 };
        // What has no room is left out; three numbers have.
        let _ = text.write_fmt(words);
        text
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(b"")
    }
}

impl Write for Words {
    fn write_str(&mut self, part: &str) -> core::fmt::Result {
        let end = self.len + part.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        room.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// How long the answer may be used.
unsafe fn put_age(files: &Files, response: *mut Response) -> Option<()> {
    if files.max_age < 0 {
        return Some(());
    }
    let words = Words::of(format_args!("max-age={}", files.max_age));
    // SAFETY: a live response.
    unsafe { put_header(response, c"Cache-Control", words.bytes()) }
}

/// Answers with a file, a part of it, or what the request's conditions come to.
unsafe fn send(
    files: &Files,
    request: *mut Request,
    response: *mut Response,
    name: &Name,
    mut file: BodyFile,
    status: &libc::stat,
) -> Option<()> {
    // SAFETY: live objects; the request's strings stay as they are meanwhile.
    unsafe {
        let all = |name| values(request.cast(), name).map(|value| text(value));
        let state = Validator::of(status, clock::second());
        let verdict = judge(&state, all);
        if verdict == Verdict::Fails {
            return plain(response, PRECONDITION_FAILED);
        }
        put_header(response, c"ETag", &state.tag)?;
        if verdict == Verdict::NotModified {
            put_age(files, response)?;
            return plain(response, NOT_MODIFIED);
        }
        let size = file.length;
        let mut ranges = all(b"range");
        let part = match (ranges.next(), ranges.next()) {
            // Ranges are for GET (RFC 9110, 14.2).
            (Some(range), None) if !request::is_head(request) && may_be_part(&state, all) => {
                part(range, size)
            }
            _ => Part::All,
        };
        let status = match part {
            Part::All => OK,
            Part::Nowhere => {
                let words = Words::of(format_args!("bytes */{size}"));
                put_header(response, c"Content-Range", words.bytes())?;
                return plain(response, RANGE_NOT_SATISFIABLE);
            }
            Part::Some { at, length } => {
                let last = at + length - 1;
                let words = Words::of(format_args!("bytes {at}-{last}/{size}"));
                put_header(response, c"Content-Range", words.bytes())?;
                // Within the file, whose size is a positive i64.
                (file.at, file.length) = (at as i64, length);
                PARTIAL_CONTENT
            }
        };
        if state.modified >= 0 {
            put_header(response, c"Last-Modified", &date::text(state.modified))?;
        }
        put_age(files, response)?;
        put_header(response, c"Accept-Ranges", b"bytes")?;
        // The name says what it is: nobody is to guess from the bytes.
        put_header(response, c"X-Content-Type-Options", b"nosniff")?;
        set_standard(response, status);
        (*response.cast::<http_response>())
            .contentType
            .set(type_of(name.bytes()).as_ptr().cast_mut());
        body_file::set(response, file);
        Some(())
    }
}
