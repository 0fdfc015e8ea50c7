//! Forms of both kinds, in pieces of any size, against readers on vectors. The first line of the input is the boundary;
//! without one the rest is urlencoded.

use std::ffi::{CString, c_char, c_int, c_void};

use yolanda::abi::yolanda::http_form::{
    YOLANDA_HTTP_FORM_BEGIN, YOLANDA_HTTP_FORM_DATA, YOLANDA_HTTP_FORM_END, yolanda_http_part,
};
use yolanda::exports::yolanda::http_form::{
    yolanda_http_form_feed, yolanda_http_form_finish, yolanda_http_form_free, yolanda_http_form_new,
};

use crate::Pieces;
use crate::reader::bytes;
use crate::urls::decode;

/// The library's limits.
const PARTS_MAX: usize = 1000;
const HEAD_MAX: usize = 4096;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Part {
    name: Vec<u8>,
    filename: Option<Vec<u8>>,
    content_type: Option<Vec<u8>>,
    data: Vec<u8>,
    has_ended: bool,
}

unsafe extern "C-unwind" fn on_part(
    part: *const yolanda_http_part,
    at: *const c_char,
    length: usize,
    event: c_int,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the vector of `read`, and what the library gives for this call.
    unsafe {
        let parts = &mut *data.cast::<Vec<Part>>();
        let text = |text: *const c_char| (!text.is_null()).then(|| bytes(text));
        let named = Part {
            name: bytes((*part).name),
            filename: text((*part).filename),
            content_type: text((*part).content_type),
            ..Part::default()
        };
        if event == YOLANDA_HTTP_FORM_BEGIN {
            assert!(parts.last().is_none_or(|part| part.has_ended));
            parts.push(named.clone());
        }
        let last = parts.last_mut().expect("a part has begun");
        let same = Part { data: Vec::new(), ..last.clone() };
        assert_eq!(same, named, "it says the same each time, and hasn't ended");
        match event {
            YOLANDA_HTTP_FORM_BEGIN => assert!(at.is_null() && length == 0),
            YOLANDA_HTTP_FORM_DATA => {
                assert!(length > 0);
                last.data.extend(std::slice::from_raw_parts(at.cast::<u8>(), length));
            }
            YOLANDA_HTTP_FORM_END => last.has_ended = true,
            other => panic!("{other}"),
        }
    }
    0
}

/// The parts, and 0 or errno; None where it is no form.
fn read<'a>(
    kind: &CString,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Option<(Vec<Part>, c_int)> {
    let mut parts: Vec<Part> = Vec::new();
    // SAFETY: the form is freed here, before the vector.
    unsafe {
        let data = (&raw mut parts).cast();
        let form = yolanda_http_form_new(kind.as_ptr(), Some(on_part), data, 0, 0);
        if form.is_null() {
            return None;
        }
        let mut results = pieces.into_iter().map(|piece| {
            // In memory of its own, so that a sanitizer sees its end.
            let piece = piece.to_vec();
            yolanda_http_form_feed(form, piece.as_ptr().cast(), piece.len())
        });
        let fed = results.all(|result| result == 0);
        let error = match fed && yolanda_http_form_finish(form) == 0 {
            true => 0,
            false => *libc::__errno_location(),
        };
        yolanda_http_form_free(form);
        Some((parts, error))
    }
}

pub fn check(input: &[u8]) {
    let end = input.iter().position(|&b| b == b'\n').unwrap_or(input.len());
    let (boundary, body) = (&input[..end], input.get(end + 1..).unwrap_or(b""));
    if boundary.contains(&0) || boundary.contains(&b'"') {
        return;
    }
    let kind = match boundary {
        b"" => b"application/x-www-form-urlencoded".to_vec(),
        _ => [b"multipart/form-data; boundary=\"", boundary, b"\""].concat(),
    };
    let kind = CString::new(kind).unwrap();
    let whole = read(&kind, [body]);
    for longest in [8, 64, 4096] {
        assert_eq!(
            read(&kind, Pieces::of(body, longest)),
            whole,
            "pieces of up to {longest} bytes"
        );
    }
    assert_eq!(read(&kind, body.chunks(1)), whole, "byte by byte");
    let is_boundary = boundary.len() <= 70
        && boundary.last() != Some(&b' ')
        && boundary.iter().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(b));
    assert_eq!(whole.is_some(), is_boundary, "{kind:?}");
    let Some((parts, error)) = whole else { return };
    let expected = match boundary {
        b"" => urlencoded(body),
        _ => multipart(boundary, body),
    };
    match expected {
        Some(expected) => assert_eq!((parts, error), (expected, 0)),
        None => assert!([libc::EINVAL, libc::E2BIG, libc::EMSGSIZE].contains(&error), "{error}"),
    }
}

fn urlencoded(body: &[u8]) -> Option<Vec<Part>> {
    let pairs: Vec<_> = body.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).collect();
    let read = |pair: &&[u8]| {
        let mut parts = pair.splitn(2, |&b| b == b'=');
        let (name, data) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
        let name = decode(name, true).filter(|name| name.len() < HEAD_MAX)?;
        Some(Part { name, data: decode(data, true)?, has_ended: true, ..Part::default() })
    };
    (pairs.len() <= PARTS_MAX).then(|| pairs.iter().map(read).collect()).flatten()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn multipart(boundary: &[u8], body: &[u8]) -> Option<Vec<Part>> {
    let text = [b"\r\n", body].concat();
    let delimiter = [b"\r\n--", boundary].concat();
    let mut rest = &text[find(&text, &delimiter)? + delimiter.len()..];
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let blanks = rest.iter().take_while(|b| b" \t".contains(b)).count();
        rest = rest[blanks..].strip_prefix(b"\r\n")?;
        // Behind a line's end, so that an empty head is found, too.
        let size = if rest.starts_with(b"\r\n") { 0 } else { find(rest, b"\r\n\r\n")? + 2 };
        if size + 2 > HEAD_MAX {
            return None;
        }
        let mut part = head(&rest[..size])?;
        rest = &rest[size..];
        let end = find(rest, &delimiter)?;
        part.data = rest.get(2..end).unwrap_or(b"").to_vec();
        part.has_ended = true;
        parts.push(part);
        rest = &rest[end + delimiter.len()..];
    }
    (parts.len() <= PARTS_MAX).then_some(parts)
}

fn head(lines: &[u8]) -> Option<Part> {
    let is_token = |text: &[u8]| {
        let is = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
        !text.is_empty() && text.iter().all(is)
    };
    let mut part = Part::default();
    let mut is_named = false;
    let mut rest = lines;
    while !rest.is_empty() {
        let end = find(rest, b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        let colon = line.iter().position(|&b| b == b':')?;
        let is_odd = |&b: &u8| (b < b' ' && b != b'\t') || b == 0x7f;
        if !is_token(&line[..colon]) || line.iter().any(is_odd) {
            return None;
        }
        let value = &line[colon + 1..];
        match &line[..colon].to_ascii_lowercase()[..] {
            b"content-type" if part.content_type.is_some() => return None,
            b"content-type" => part.content_type = Some(trim(value).to_vec()),
            b"content-disposition" if is_named => return None,
            b"content-disposition" => {
                is_named = true;
                disposition(value, &mut part)?;
            }
            _ => (),
        }
    }
    is_named.then_some(part)
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !b" \t".contains(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !b" \t".contains(b)).map_or(start, |at| at + 1);
    &text[start..end]
}

fn disposition(value: &[u8], part: &mut Part) -> Option<()> {
    let mut rest = value.iter().copied().peekable();
    let kind: Vec<u8> = std::iter::from_fn(|| rest.next_if(|&b| b != b';')).collect();
    if !trim(&kind).eq_ignore_ascii_case(b"form-data") {
        return None;
    }
    let mut name = None;
    while rest.next_if_eq(&b';').is_some() {
        while rest.next_if(|b| b" \t".contains(b)).is_some() {}
        if rest.peek().is_none() {
            break;
        }
        let is = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
        let key: Vec<u8> = std::iter::from_fn(|| rest.next_if(is)).collect();
        if key.is_empty() || rest.next() != Some(b'=') {
            return None;
        }
        let mut found = Vec::new();
        if rest.next_if_eq(&b'"').is_some() {
            loop {
                match rest.next()? {
                    b'"' => break,
                    b'\\' => found.push(rest.next_if(|b| b"\"\\".contains(b)).unwrap_or(b'\\')),
                    byte => found.push(byte),
                }
            }
        } else {
            found.extend(std::iter::from_fn(|| rest.next_if(|b| !b" \t;\"".contains(b))));
            if found.is_empty() {
                return None;
            }
        }
        while rest.next_if(|b| b" \t".contains(b)).is_some() {}
        let place = match &key.to_ascii_lowercase()[..] {
            b"name" => &mut name,
            b"filename" => &mut part.filename,
            b"name*" | b"filename*" => return None,
            _ => continue,
        };
        if place.replace(found).is_some() {
            return None;
        }
    }
    part.name = name?;
    rest.next().is_none().then_some(())
}
