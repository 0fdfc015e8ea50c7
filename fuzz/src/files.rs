//! Files over HTTP: whatever path and headers are asked with, the answer is one that a model of the folder
//! gives, and nothing from outside of it. The first line of the input is the path, the others are headers.

use std::ffi::CString;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::ptr::null;

use yolanda::abi::event_loop::event_loop;
use yolanda::abi::yolanda::http_files::YOLANDA_HTTP_FILES_LINKS;
use yolanda::abi::yolanda::log::YOLANDA_LOG_OFF;
use yolanda::exports::yolanda::event_loop::{yolanda_loop_new, yolanda_loop_run_once};
use yolanda::exports::yolanda::http_files::{
    yolanda_http_files_free, yolanda_http_files_new, yolanda_http_server_files,
};
use yolanda::exports::yolanda::http_server::{yolanda_http_server_new, yolanda_http_server_start};
use yolanda::exports::yolanda::log::yolanda_log_set_level;

use crate::urls::decode;

const SECRET: &[u8] = b"outside of the folder";
const DIGITS: &[u8] = b"0123456789";
const PAGE: &[u8] = b"<!DOCTYPE html><title>a page</title>";
/// What there is, but for what can't be reached.
const SITE: &[(&str, &[u8])] = &[
    ("digits", DIGITS),
    ("empty", b""),
    ("a b\\c.html", PAGE),
    ("folder/index.html", PAGE),
    ("folder/deep/digits", DIGITS),
    ("link", DIGITS),
];
/// Longer requests aren't looked at.
const LONGEST: usize = 6000;

/// Makes the folder, where it isn't there from another run; a secret lies beside it.
fn folder() -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz-site");
    let root = place.join("root");
    for (name, content) in SITE.iter().filter(|(name, _)| *name != "link") {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if fs::read(&path).ok().as_deref() != Some(content) {
            fs::write(&path, content).unwrap();
        }
    }
    fs::write(root.join(".hidden"), SECRET).unwrap();
    fs::write(place.join("secret"), SECRET).unwrap();
    for (link, target) in [("link", "folder/deep/digits"), ("out", "../secret"), ("up", "..")] {
        let _ = std::os::unix::fs::symlink(target, root.join(link));
    }
    root.to_str().unwrap().to_owned()
}

thread_local! {
    /// The loop with its server, and the address of that; both stay.
    static SERVER: (*mut event_loop, String) = {
        // SAFETY: the thread; its number is part of the name.
        let thread = unsafe { libc::gettid() };
        let address = format!("yolanda-fuzz-files-{}-{thread}", std::process::id());
        let text = CString::new(format!("unix:@{address}")).unwrap();
        let root = CString::new(folder()).unwrap();
        // SAFETY: the loop is this thread's.
        let l = unsafe {
            yolanda_log_set_level(YOLANDA_LOG_OFF);
            let l = yolanda_loop_new(null(), null());
            let server = yolanda_http_server_new(l, text.as_ptr(), None, 0);
            let files = yolanda_http_files_new(root.as_ptr(), YOLANDA_HTTP_FILES_LINKS);
            assert!(!server.is_null() && !files.is_null());
            assert_eq!(yolanda_http_server_files(server, c"/".as_ptr(), files), 0);
            assert_eq!(yolanda_http_files_free(files), 0);
            assert_eq!(yolanda_http_server_start(server), 0);
            l
        };
        (l, address)
    };
}

struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| &value[..])
    }
}

pub fn check(data: &[u8]) {
    let mut lines = data.split(|&b| b == b'\n');
    let path = lines.next().unwrap_or(b"");
    let headers: Vec<_> = lines.collect();
    let is_target = |&b: &u8| b > b' ' && b != 0x7f && b != b'#';
    let is_header = |line: &&[u8]| {
        let name = line.split(|&b| b == b':').next().unwrap();
        let known = [
            "range",
            "if-range",
            "if-match",
            "if-none-match",
            "if-modified-since",
            "if-unmodified-since",
        ];
        let named = known.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        named && line.contains(&b':') && line.iter().all(|&b| b == b'\t' || b >= b' ' && b != 0x7f)
    };
    let fits = path.first() == Some(&b'/') && path.iter().all(is_target) && data.len() < LONGEST;
    if !fits || !headers.iter().all(is_header) {
        return;
    }
    let answer = ask(path, &headers);
    let content = match expected(path) {
        Expected::Status(status) => {
            assert_eq!(answer.status, status);
            assert!(!answer.body.windows(SECRET.len()).any(|window| window == SECRET));
            if status == 301 {
                let location = answer.header("Location").expect("where it is");
                assert!(
                    location.starts_with(b"/") && location.ends_with(b"/") || path.contains(&b'?')
                );
                assert!(!matches!(location.get(1), Some(b'/' | b'\\')));
                assert!(
                    location.iter().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(b))
                );
            }
            return;
        }
        Expected::File(content) => content,
    };
    let has = |name: &str| {
        headers.iter().any(|line| line.to_ascii_lowercase().starts_with(name.as_bytes()))
    };
    match answer.status {
        200 => assert_eq!(answer.body, content),
        206 => {
            let range = answer.header("Content-Range").expect("which part");
            let range = std::str::from_utf8(range).unwrap().strip_prefix("bytes ").unwrap();
            let (part, size) = range.split_once('/').unwrap();
            let (first, last) = part.split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(
                (size.parse(), &answer.body[..]),
                (Ok(content.len()), &content[first..=last])
            );
        }
        304 => assert!(has("if-none-match") || has("if-modified-since")),
        412 => assert!(has("if-match") || has("if-unmodified-since")),
        416 => assert_eq!(
            answer.header("Content-Range"),
            Some(format!("bytes */{}", content.len()).as_bytes())
        ),
        other => panic!("{other}"),
    }
    if !has("if-") {
        let values: Vec<_> = headers
            .iter()
            .map(|line| &line[line.iter().position(|&b| b == b':').unwrap() + 1..])
            .collect();
        let part = match values[..] {
            [value] => part(value.trim_ascii(), content.len()),
            _ => Part::All,
        };
        match part {
            Part::All => assert_eq!(answer.status, 200),
            Part::Nowhere => assert_eq!(answer.status, 416),
            Part::Is(first, end) => {
                assert_eq!((answer.status, &answer.body[..]), (206, &content[first..end]))
            }
        }
    }
}

enum Expected {
    Status(u16),
    File(&'static [u8]),
}

/// What the folder has for a path.
fn expected(path: &[u8]) -> Expected {
    let path = path.split(|&b| b == b'?').next().unwrap();
    let segments: Option<Vec<_>> =
        path[1..].split(|&b| b == b'/').map(|segment| decode(segment, false)).collect();
    let Some(mut segments) = segments else {
        return Expected::Status(400);
    };
    let is_folder = segments.last().is_some_and(Vec::is_empty);
    if is_folder {
        segments.pop();
    }
    if segments.iter().any(|one| one.is_empty() || one[0] == b'.' || one.contains(&b'/')) {
        return Expected::Status(404);
    }
    let mut name = segments.join(&b'/');
    let below = [&name[..], b"/"].concat();
    let is_real_folder = SITE.iter().any(|(known, _)| known.as_bytes().starts_with(&below));
    if is_folder {
        name = if name.is_empty() {
            b"index.html".to_vec()
        } else {
            [&below[..], b"index.html"].concat()
        };
    } else if is_real_folder {
        return Expected::Status(301);
    }
    match SITE.iter().find(|(known, _)| known.as_bytes() == name) {
        Some((_, content)) => Expected::File(content),
        None => Expected::Status(404),
    }
}

enum Part {
    All,
    Nowhere,
    Is(usize, usize),
}

/// The part that a Range header asks for.
fn part(value: &[u8], size: usize) -> Part {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let blank = [' ', '\t'];
    let Some(set) = text.strip_prefix("bytes=") else {
        return Part::All;
    };
    let ranges: Vec<_> =
        set.split(',').map(|one| one.trim_matches(blank)).filter(|one| !one.is_empty()).collect();
    let [range] = ranges[..] else {
        return Part::All;
    };
    let Some((first, last)) = range.split_once('-') else {
        return Part::All;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // As long as a number of the input can be: no line has more digits than that.
    let padded = |text: &str| format!("{text:0>LONGEST$}");
    let small = |text: &str| padded(text).parse::<usize>().map_or(usize::MAX, |n| n);
    match (first.is_empty(), is_number(first), last.is_empty(), is_number(last)) {
        (true, _, _, true) if size == 0 && small(last) > 0 => Part::All,
        (true, _, _, true) if small(last) == 0 => Part::Nowhere,
        (true, _, _, true) => Part::Is(size - small(last).min(size), size),
        (_, true, false, true) if padded(last) < padded(first) => Part::All,
        (_, true, empty, number) if empty || number => match small(first) {
            at if at >= size => Part::Nowhere,
            at if empty => Part::Is(at, size),
            at => Part::Is(at, small(last).saturating_add(1).min(size)),
        },
        _ => Part::All,
    }
}

/// Sends a request to the thread's server, and reads the answer.
fn ask(path: &[u8], headers: &[&[u8]]) -> Answer {
    let mut request = [b"GET ", path, b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"].concat();
    for line in headers {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let mut bytes = Vec::new();
    SERVER.with(|(l, address)| {
        let address = SocketAddr::from_abstract_name(address).unwrap();
        let mut client = UnixStream::connect_addr(&address).unwrap();
        client.set_nonblocking(true).unwrap();
        client.write_all(&request).unwrap();
        for _ in 0..1000 {
            // SAFETY: this thread's loop.
            unsafe { yolanda_loop_run_once(*l, 10) };
            match client.read_to_end(&mut bytes) {
                Ok(_) => return,
                Err(error) if error.kind() == ErrorKind::WouldBlock => (),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("no end");
    });
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head of ASCII");
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status line");
    let headers: Vec<(String, Vec<u8>)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let answer =
        Answer { status: status[..3].parse().unwrap(), headers, body: bytes[end + 4..].to_vec() };
    let length =
        answer.header("Content-Length").map(|text| std::str::from_utf8(text).unwrap().to_owned());
    if answer.status != 304 {
        assert_eq!(length, Some(answer.body.len().to_string()), "all of it");
    }
    answer
}
