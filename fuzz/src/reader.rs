//! Reads a stream of requests through `parse_http_request`, as the server does.

use std::ffi::{CStr, c_char, c_int};

use yolanda::abi::buffer::buffer;
use yolanda::abi::http_request::http_request;
use yolanda::exports::buffer::{buffer_append, buffer_free, buffer_new, buffer_readable_size};
use yolanda::exports::http_request::{
    http_request_clear, http_request_get_header, http_request_new, http_request_reset,
};
use yolanda::exports::http_server::parse_http_request;
use yolanda::exports::yolanda::http_request as more;

/// One request, as C sees it.
#[derive(PartialEq, Eq, Debug, Clone)]
pub struct Request {
    pub method: Vec<u8>,
    pub url: Vec<u8>,
    pub version: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub path: Option<Vec<u8>>,
    pub parameters: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

impl Request {
    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header.as_bytes()))
    }

    /// The same request with its body by length.
    pub fn written(&self) -> Vec<u8> {
        let line = [&self.method[..], b" ", &self.url, b" ", &self.version, b"\r\n"];
        let mut bytes = line.concat();
        for (name, value) in &self.without_framing().headers {
            bytes.extend([&name[..], b": ", value, b"\r\n"].concat());
        }
        if self.has("content-length") || self.has("transfer-encoding") {
            bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }

    /// Without the headers that say where the body ends.
    pub fn without_framing(&self) -> Request {
        let framing = |name: &[u8]| {
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            is("content-length") || is("transfer-encoding")
        };
        let mut request = self.clone();
        request.headers.retain(|(name, _)| !framing(name));
        request
    }
}

/// What a stream was taken for.
#[derive(PartialEq, Eq, Debug)]
pub struct Read {
    pub requests: Vec<Request>,
    pub is_refused: bool,
    /// How far the request behind them is, and how many bytes wait for more, unless it was refused.
    pub rest: Option<(u32, c_int)>,
}

/// Reads requests out of a stream that comes in pieces.
pub fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    // SAFETY: both objects are made and freed here, and live meanwhile.
    unsafe {
        let (input, request) = (buffer_new(), http_request_new());
        assert!(!input.is_null() && !request.is_null());
        let mut read = Read { requests: Vec::new(), is_refused: false, rest: None };
        for piece in pieces {
            let len = c_int::try_from(piece.len()).unwrap();
            let appended = buffer_append(input, piece.as_ptr().cast_mut().cast(), len);
            assert_eq!(appended, len);
            if !take(input, request, &mut read) {
                break;
            }
        }
        if !read.is_refused {
            read.rest = Some(((*request).current_state.get(), buffer_readable_size(input)));
        }
        http_request_clear(request);
        buffer_free(input);
        read
    }
}

/// Takes all requests that are there; false when one is refused.
unsafe fn take(input: *mut buffer, request: *mut http_request, read: &mut Read) -> bool {
    // SAFETY: the caller's live objects.
    unsafe {
        loop {
            let before = buffer_readable_size(input);
            let result = parse_http_request(input, request);
            let after = buffer_readable_size(input);
            assert!((0..=before).contains(&after) && (0..=1).contains(&result));
            if result == 0 {
                read.is_refused = true;
                return false;
            }
            if (*request).current_state.get() != 3 {
                return true;
            }
            read.requests.push(shown(request));
            http_request_reset(request);
            if after == 0 {
                return true;
            }
        }
    }
}

pub unsafe fn bytes(text: *const c_char) -> Vec<u8> {
    assert!(!text.is_null());
    // SAFETY: a string of the request.
    unsafe { CStr::from_ptr(text) }.to_bytes().to_vec()
}

unsafe fn shown(request: *mut http_request) -> Request {
    // SAFETY: a live request that is complete.
    unsafe {
        let count = usize::try_from((*request).request_headers_number.get()).unwrap();
        let headers = (0..count).map(|i| {
            let entry = (*request).request_headers.get().add(i);
            let name = (*entry).key;
            assert!(!http_request_get_header(request, name).is_null());
            (bytes(name), bytes((*entry).value))
        });
        let headers = headers.collect();
        let mut length = usize::MAX;
        let body: *const u8 = more::yolanda_http_request_body(request, &mut length).cast();
        assert_eq!(*body.add(length), 0, "a NUL behind the body");
        Request {
            method: bytes((*request).method.get()),
            url: bytes((*request).url.get()),
            version: bytes((*request).version.get()),
            headers,
            body: std::slice::from_raw_parts(body, length).to_vec(),
            path: path(request),
            parameters: parameters(request),
        }
    }
}

/// The decoded path, None where it is malformed.
pub unsafe fn path(request: *mut http_request) -> Option<Vec<u8>> {
    // SAFETY: a live request.
    unsafe {
        let path = more::yolanda_http_request_path(request);
        assert_eq!(more::yolanda_http_request_path(request), path);
        (!path.is_null()).then(|| bytes(path))
    }
}

/// The decoded parameters, None where one is malformed.
pub unsafe fn parameters(request: *mut http_request) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    // SAFETY: a live request.
    unsafe {
        let count = more::yolanda_http_request_query_count(request);
        let mut found = Vec::new();
        for index in 0..count {
            let (mut name, mut value) = (std::ptr::null(), std::ptr::null());
            let result = more::yolanda_http_request_query_at(request, index, &mut name, &mut value);
            assert_eq!(result, 0);
            found.push((bytes(name), bytes(value)));
            let first = more::yolanda_http_request_query(request, name);
            let same = |(name, _): &&(Vec<u8>, Vec<u8>)| *name == found[found.len() - 1].0;
            assert_eq!(bytes(first), found.iter().find(same).unwrap().1);
        }
        (count >= 0).then_some(found)
    }
}
