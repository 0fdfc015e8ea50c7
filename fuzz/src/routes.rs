//! Routes, against a matcher on vectors: which patterns are taken, which of them answers a path, and what
//! its names stand for. Each but the last line of the input is a pattern, the last one the path.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::ffi::{CString, c_void};
use std::io::{ErrorKind, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::ptr::null;

use yolanda::abi::event_loop::event_loop;
use yolanda::abi::http_request::http_request;
use yolanda::abi::http_response::http_response;
use yolanda::abi::yolanda::log::YOLANDA_LOG_OFF;
use yolanda::exports::yolanda::event_loop::{yolanda_loop_new, yolanda_loop_run_once};
use yolanda::exports::yolanda::http_response::yolanda_http_response_set_status;
use yolanda::exports::yolanda::http_route::{
    yolanda_http_request_param, yolanda_http_server_route,
};
use yolanda::exports::yolanda::http_server::{
    yolanda_http_server_free, yolanda_http_server_new, yolanda_http_server_start,
};
use yolanda::exports::yolanda::log::yolanda_log_set_level;

use crate::reader::bytes;
use crate::urls::decode;

const PATTERNS_MAX: usize = 8;
/// Longer ones aren't served.
const PATH_MAX: usize = 7000;

enum Segment {
    Literal(Vec<u8>),
    Name(Vec<u8>),
    Rest,
}

type Pattern = Vec<Segment>;

fn compile(pattern: &[u8]) -> Option<Pattern> {
    let segments: Vec<_> = pattern.strip_prefix(b"/")?.split(|&b| b == b'/').collect();
    let mut compiled = Vec::new();
    let mut names = Vec::new();
    for (i, &segment) in segments.iter().enumerate() {
        compiled.push(if segment == b"*" && i + 1 == segments.len() {
            Segment::Rest
        } else if let Some(name) = segment.strip_prefix(b":") {
            let is_name = name.iter().all(|&b| b == b'_' || b.is_ascii_alphanumeric());
            if name.is_empty() || !is_name || names.contains(&name) {
                return None;
            }
            names.push(name);
            Segment::Name(name.to_vec())
        } else {
            let literal = decode(segment, false)?;
            let is_odd = segment.iter().any(|b| b"*?#\x7f".contains(b) || *b < b' ');
            if is_odd || literal.contains(&b'/') || literal == b"." || literal == b".." {
                return None;
            }
            Segment::Literal(literal)
        });
    }
    Some(compiled)
}

/// What tells a pattern from others: the paths that it matches.
fn shape<'a>(pattern: &'a Pattern) -> Vec<Option<&'a [u8]>> {
    let of = |segment: &'a Segment| match segment {
        Segment::Literal(literal) => Some(&literal[..]),
        Segment::Name(_) => None,
        // No literal has a slash.
        Segment::Rest => Some(&b"/"[..]),
    };
    pattern.iter().map(of).collect()
}

/// What the names of a pattern stand for, in order; None for a path that it doesn't match.
fn values(pattern: &Pattern, path: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let has_rest = matches!(pattern.last(), Some(Segment::Rest));
    if path.len() < pattern.len() || (path.len() > pattern.len() && !has_rest) {
        return None;
    }
    for (i, segment) in pattern.iter().enumerate() {
        match segment {
            Segment::Literal(literal) if *literal == path[i] => (),
            Segment::Name(_) if !path[i].is_empty() => found.push(path[i].clone()),
            Segment::Rest => found.push(path[i..].join(&b'/')),
            _ => return None,
        }
    }
    Some(found)
}

/// The smallest is asked first.
fn order(pattern: &Pattern) -> (u8, Reverse<usize>, Vec<u8>) {
    let kinds: Vec<u8> = pattern
        .iter()
        .map(|segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Name(_) => 1,
            Segment::Rest => 2,
        })
        .collect();
    let class = kinds.iter().copied().max().unwrap_or(0);
    (class, Reverse(if class == 2 { kinds.len() } else { 0 }), kinds)
}

/// What answers: a status, or the number of a pattern and what its names stand for.
#[derive(PartialEq, Eq, Debug)]
enum Answer {
    Status(u16),
    Route(usize, Vec<Vec<u8>>),
}

fn expected(patterns: &[(usize, Pattern)], path: &[u8]) -> Answer {
    let path = path.split(|&b| b == b'?').next().unwrap();
    let segments: Option<Vec<_>> =
        path[1..].split(|&b| b == b'/').map(|segment| decode(segment, false)).collect();
    let Some(segments) = segments else {
        return Answer::Status(if patterns.is_empty() { 500 } else { 400 });
    };
    if patterns.is_empty() {
        return Answer::Status(500);
    }
    let mut parts = segments.iter().flat_map(|segment| segment.split(|&b| b == b'/'));
    if parts.any(|part| part == b"." || part == b"..") {
        return Answer::Status(404);
    }
    let matching =
        patterns.iter().filter_map(|(i, pattern)| Some((*i, pattern, values(pattern, &segments)?)));
    let first = matching.min_by_key(|(_, pattern, _)| order(pattern));
    first.map_or(Answer::Status(404), |(i, _, values)| Answer::Route(i, values))
}

thread_local! {
    static LOOP: *mut event_loop = {
        // SAFETY: the loop is this thread's, and stays.
        let l = unsafe {
            yolanda_log_set_level(YOLANDA_LOG_OFF);
            yolanda_loop_new(null(), null())
        };
        assert!(!l.is_null());
        l
    };
    /// The names of each pattern, and what the handler has seen.
    static NAMES: RefCell<Vec<Vec<CString>>> = const { RefCell::new(Vec::new()) };
    static SEEN: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

unsafe extern "C-unwind" fn on_route(
    request: *mut http_request,
    response: *mut http_response,
    data: *mut c_void,
) {
    let number = data as usize;
    NAMES.with_borrow(|names| {
        // SAFETY: the request and the response of this call.
        let values = names[number]
            .iter()
            .map(|name| unsafe { bytes(yolanda_http_request_param(request, name.as_ptr())) });
        SEEN.set(Some(Answer::Route(number, values.collect())));
        // SAFETY: the same.
        unsafe { yolanda_http_response_set_status(response, 200, null()) };
    });
}

pub fn check(data: &[u8]) {
    let mut lines: Vec<_> = data.split(|&b| b == b'\n').collect();
    let path = lines.pop().unwrap_or(b"");
    lines.truncate(PATTERNS_MAX);
    if data.contains(&0) {
        return;
    }
    let l = LOOP.with(|l| *l);
    // SAFETY: the thread; its number is part of the name.
    let address = format!("yolanda-fuzz-{}-{}", std::process::id(), unsafe { libc::gettid() });
    let text = CString::new(format!("unix:@{address}")).unwrap();
    NAMES.take();
    // SAFETY: the server is freed below; its handler looks at what is this thread's.
    unsafe {
        let server = yolanda_http_server_new(l, text.as_ptr(), None, 0);
        assert!(!server.is_null());
        let mut patterns: Vec<(usize, Pattern)> = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let pattern = CString::new(*line).unwrap();
            let (at, handler) = (pattern.as_ptr(), Some(on_route as _));
            let data = i as *mut c_void;
            let added = yolanda_http_server_route(server, null(), at, handler, data, None);
            let error = *libc::__errno_location();
            let compiled = compile(line);
            let names = compiled.iter().flatten().filter_map(|segment| match segment {
                Segment::Name(name) => Some(CString::new(&name[..]).unwrap()),
                Segment::Rest => Some(c"*".into()),
                Segment::Literal(_) => None,
            });
            NAMES.with_borrow_mut(|all| all.push(names.collect()));
            match compiled {
                None => assert_eq!((added, error), (-1, libc::EINVAL), "{pattern:?}"),
                Some(new) if patterns.iter().any(|(_, old)| shape(old) == shape(&new)) => {
                    assert_eq!((added, error), (-1, libc::EEXIST), "{pattern:?}");
                }
                Some(new) => {
                    assert_eq!(added, 0, "{pattern:?}");
                    patterns.push((i, new));
                }
            }
        }
        let is_target = |&b: &u8| b > b' ' && b != 0x7f && b != b'#';
        if path.first() == Some(&b'/') && path.len() < PATH_MAX && path.iter().all(is_target) {
            assert_eq!(yolanda_http_server_start(server), 0);
            assert_eq!(ask(l, &address, path), expected(&patterns, path));
        }
        assert_eq!(yolanda_http_server_free(server), 0);
    }
}

/// Sends a request for the path to the server of the loop.
unsafe fn ask(l: *mut event_loop, address: &str, path: &[u8]) -> Answer {
    let address = SocketAddr::from_abstract_name(address).unwrap();
    let mut client = UnixStream::connect_addr(&address).unwrap();
    client.set_nonblocking(true).unwrap();
    let request = [b"GET ", path, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    client.write_all(&request).unwrap();
    SEEN.take();
    let mut head = [0; 12];
    for _ in 0..1000 {
        // SAFETY: this thread's loop.
        unsafe { yolanda_loop_run_once(l, 10) };
        match client.read(&mut head) {
            Ok(12) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => (),
            other => panic!("no response: {other:?}"),
        }
    }
    let status = head.strip_prefix(b"HTTP/1.1 ").expect("a response");
    let status: u16 = std::str::from_utf8(status).unwrap().parse().unwrap();
    match SEEN.take() {
        Some(route) => {
            assert_eq!(status, 200);
            route
        }
        None => Answer::Status(status),
    }
}
