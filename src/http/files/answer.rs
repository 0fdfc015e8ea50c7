//! From a request to a response with a file, or with the reason why there is none.

use core::ffi::{CStr, c_int, c_void};
use core::fmt::Write;

use super::{Files, NAME};
use crate::abi::types::{http_request, http_response};
use crate::http::files::conditions::{Verdict, judge, may_be_part};
use crate::http::files::open::open;
use crate::http::files::path::{LONGEST, Wanted, wanted, with_slash};
use crate::http::files::range::{Part, part};
use crate::http::files::types::type_of;
use crate::http::files::validator::Validator;
use crate::http::message::body_file::BodyFile;
use crate::http::message::collected::Collected;
use crate::http::message::http_response::Response;
use crate::http::message::request::{Lack, Request};
use crate::http::wire::date;
use crate::http::wire::encode::Sink;
use crate::http::wire::status::{
    BAD_REQUEST, FORBIDDEN, METHOD_NOT_ALLOWED, MOVED, NO_MEMORY, NOT_FOUND, NOT_MODIFIED,
    PARTIAL_CONTENT, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, SERVER_ERROR, Status,
};
use crate::http::wire::url::split;
use crate::sys::{clock, file as sys_file};

const OK: Status = 200;

/// The handler of the routes that `serve_below` adds.
pub unsafe extern "C-unwind" fn on_request(
    request: *mut http_request,
    response: *mut http_response,
    files: *mut c_void,
) {
    // SAFETY: a route's handler is called with a live request and response of the library, and with the data of
    // the route, which has a reference to the files.
    let (files, request, response) =
        unsafe { (&*files.cast::<Files>(), Request::from_c(request), Response::from_c(response)) };
    // The rest of the path in the form that distinguishes escaped slashes, with the slash before it.
    let len = request.captured_rest().map_or(0, |rest| rest.len() + 1);
    let path = request
        .segments()
        .map(|path| path.len().checked_sub(len).and_then(|start| path.get(start..)).unwrap_or(b""));
    // If memory is out, the response is a 503.
    let _ = files.answer(request, response, path);
}

impl Files {
    /// Fills in a response with the file that a path names below the root. Err(ENOMEM): the response is a 503.
    /// The response must not be one that the program owns.
    pub fn answer(
        &self,
        request: &Request,
        response: &Response,
        path: Result<&[u8], Lack>,
    ) -> Result<(), c_int> {
        let answer = Answer { files: self, request, response };
        let done = match (request.method(), path) {
            (_, Err(Lack::NoMemory)) => None,
            (b"GET" | b"HEAD", Err(Lack::Malformed)) => answer.plain(BAD_REQUEST),
            (b"GET" | b"HEAD", Ok(path)) => answer.find(path),
            _ => response
                .put_header(c"Allow", b"GET, HEAD")
                .and_then(|()| answer.plain(METHOD_NOT_ALLOWED)),
        };
        done.ok_or_else(|| {
            response.set_standard(NO_MEMORY);
            libc::ENOMEM
        })
    }
}

/// The status for an error of opening a file.
fn status_of(error: c_int) -> Status {
    match error {
        libc::EACCES | libc::EPERM => FORBIDDEN,
        libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN => NO_MEMORY,
        libc::ENOENT | libc::ENOTDIR | libc::ELOOP | libc::EXDEV | libc::ENAMETOOLONG => NOT_FOUND,
        // For example a socket.
        libc::ENXIO | libc::ENODEV => NOT_FOUND,
        _ => SERVER_ERROR,
    }
}

/// The path of a file below the root, as a C string.
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

    /// All bytes except the last one, which is a NUL.
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

/// A buffer for a short text with numbers.
struct Words {
    bytes: [u8; 96],
    len: usize,
}

impl Words {
    fn of(words: core::fmt::Arguments<'_>) -> Words {
        let mut text = Words { bytes: [0; 96], len: 0 };
        // Three numbers fit; the rest would be truncated.
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

/// A response being filled in. The functions return None if out of memory.
struct Answer<'a> {
    files: &'a Files,
    request: &'a Request,
    response: &'a Response,
}

impl Answer<'_> {
    /// A response with a status and its standard text.
    fn plain(&self, status: Status) -> Option<()> {
        self.response.set_standard(status);
        Some(())
    }

    fn find(&self, path: &[u8]) -> Option<()> {
        let files = self.files;
        let Some(Wanted { name: wanted, is_folder }) = wanted(path, files.hidden) else {
            return self.plain(NOT_FOUND);
        };
        let mut name = Name::of(wanted);
        if !is_folder {
            let found = if wanted.is_empty() { Found::Folder } else { look(files, &name) };
            match found {
                Found::File(file, status) => return self.send(&name, file, &status),
                Found::Nothing(status) => return self.plain(status),
                Found::Folder => {
                    let (path, query) = split(self.request.url());
                    if !path.ends_with(b"/") {
                        return self.redirect(path, query);
                    }
                }
            }
        }
        let index = files.index.get();
        let index = CStr::from_bytes_until_nul(&index).unwrap_or(c"").to_bytes();
        if index.is_empty() {
            return self.plain(NOT_FOUND);
        }
        if !wanted.is_empty() {
            name.add(b"/");
        }
        name.add(index);
        match look(files, &name) {
            Found::File(file, status) => self.send(&name, file, &status),
            Found::Nothing(status) => self.plain(status),
            Found::Folder => self.plain(NOT_FOUND),
        }
    }

    fn redirect(&self, path: &[u8], query: &[u8]) -> Option<()> {
        let mut location = Collected::new();
        with_slash(path, query, |part| location.put(part));
        self.response.put_header(c"Location", location.bytes()?)?;
        self.plain(MOVED)
    }

    /// Adds Cache-Control.
    fn put_age(&self) -> Option<()> {
        let age = self.files.max_age.get();
        if age < 0 {
            return Some(());
        }
        let words = Words::of(format_args!("max-age={age}"));
        self.response.put_header(c"Cache-Control", words.bytes())
    }

    /// Answers with a file, a part of it, or the result of the request's conditions.
    fn send(&self, name: &Name, mut file: BodyFile, status: &libc::stat) -> Option<()> {
        let (request, response) = (self.request, self.response);
        let all = |name| request.value_bytes(name);
        let state = Validator::of(status, clock::second());
        let verdict = judge(&state, all);
        if verdict == Verdict::Fails {
            return self.plain(PRECONDITION_FAILED);
        }
        response.put_header(c"ETag", &state.tag)?;
        if verdict == Verdict::NotModified {
            self.put_age()?;
            return self.plain(NOT_MODIFIED);
        }
        let size = file.length;
        let mut ranges = all(b"range");
        let part = match (ranges.next(), ranges.next()) {
            // Ranges are for GET (RFC 9110, 14.2).
            (Some(range), None) if !request.is_head() && may_be_part(&state, all) => {
                part(range, size)
            }
            _ => Part::All,
        };
        let status = match part {
            Part::All => OK,
            Part::Nowhere => {
                let words = Words::of(format_args!("bytes */{size}"));
                response.put_header(c"Content-Range", words.bytes())?;
                return self.plain(RANGE_NOT_SATISFIABLE);
            }
            Part::Some { at, length } => {
                let last = at + length - 1;
                let words = Words::of(format_args!("bytes {at}-{last}/{size}"));
                response.put_header(c"Content-Range", words.bytes())?;
                // The range lies within the file, whose size fits into an i64.
                (file.at, file.length) = (at as i64, length);
                PARTIAL_CONTENT
            }
        };
        if state.modified >= 0 {
            response.put_header(c"Last-Modified", &date::text(state.modified))?;
        }
        self.put_age()?;
        response.put_header(c"Accept-Ranges", b"bytes")?;
        // The content type comes from the name. Browsers must not guess it from the content.
        response.put_header(c"X-Content-Type-Options", b"nosniff")?;
        response.set_standard(status);
        response.set_own_content_type(type_of(name.bytes()));
        response.set_file(file);
        Some(())
    }
}
