//! Path and parameters of any URL, against a decoder on vectors.

use std::ffi::CString;

use yolanda::exports::http_request::{http_request_clear, http_request_new};

use crate::reader::{parameters, path};

pub fn check(data: &[u8]) {
    let Ok(url) = CString::new(data) else {
        return;
    };
    // SAFETY: the request lives until it is cleared, and the URL longer than that.
    let (found_path, found_parameters) = unsafe {
        let request = http_request_new();
        assert!(!request.is_null());
        (*request).url.set(url.as_ptr().cast_mut());
        let found = (path(request), parameters(request));
        assert_eq!((path(request), parameters(request)), found, "when asked again");
        http_request_clear(request);
        found
    };
    assert_eq!(url.as_bytes(), data, "the URL itself stays");
    let (target, query) = match data.iter().position(|&b| b == b'?') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &data[..0]),
    };
    assert_eq!(found_path, decode(path_of(target), false));
    let pairs = query.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
    let expected: Option<Vec<_>> = pairs
        .map(|pair| {
            let mut parts = pair.splitn(2, |&b| b == b'=');
            let (name, value) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
            Some((decode(name, true)?, decode(value, true)?))
        })
        .collect();
    assert_eq!(found_parameters, expected);
}

fn path_of(target: &[u8]) -> &[u8] {
    let text = String::from_utf8_lossy(target);
    if text.starts_with('/') || !text.contains("://") {
        return target;
    }
    // Found as text for a second opinion; the bytes count.
    let authority = target.windows(3).position(|w| w == b"://").unwrap() + 3;
    match target[authority..].iter().position(|&b| b == b'/') {
        Some(slash) => &target[authority + slash..],
        None => b"/",
    }
}

/// None for what no string can hold, and for an escape that is none.
pub fn decode(text: &[u8], plus: bool) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = (*bytes.next()?, *bytes.next()?);
                let digits = [high, low];
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b'+' if plus => b' ',
            byte => byte,
        });
    }
    // A string can't hold it.
    (!decoded.contains(&0)).then_some(decoded)
}
