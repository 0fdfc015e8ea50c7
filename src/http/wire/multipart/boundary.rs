//! The boundary that a Content-Type names.

#![forbid(unsafe_code)]

use crate::http::wire::parameter::next_parameter;
use crate::http::wire::scan::trim;

pub const BOUNDARY_MAX: usize = 70;

/// The boundary of a Content-Type; None if it isn't multipart/form-data with a valid one.
pub fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let end = content_type.iter().position(|&b| b == b';')?;
    if !trim(content_type.get(..end)?).eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    let (mut at, mut found) = (end, None);
    while let Some(parameter) = next_parameter(content_type, &mut at).ok()? {
        if content_type.get(parameter.name)?.eq_ignore_ascii_case(b"boundary") {
            let value = content_type.get(parameter.value)?;
            if found.replace(value).is_some() {
                return None;
            }
        }
    }
    found.filter(|found| is_boundary(found))
}

fn is_boundary(text: &[u8]) -> bool {
    let fits = (1..=BOUNDARY_MAX).contains(&text.len()) && text.last() != Some(&b' ');
    fits && text.iter().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        let read =
            |text: &str| boundary(text.as_bytes()).map(|b| String::from_utf8(b.to_vec()).unwrap());
        let long = "b".repeat(BOUNDARY_MAX);
        for (text, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data;Boundary=\"a b\";charset=utf-8", Some("a b")),
            ("multipart/form-data ; x=y; boundary=----=_1.2:?", Some("----=_1.2:?")),
            (&format!("multipart/form-data; boundary={long}"), Some(&long)),
            (&format!("multipart/form-data; boundary={long}b"), None),
            ("multipart/form-data; boundary=\"\"", None),
            ("multipart/form-data; boundary=\"a \"", None),
            ("multipart/form-data; boundary=\"a\\\"\"", None),
            ("multipart/form-data; boundary=a; boundary=a", None),
            ("multipart/form-data; boundary", None),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=a", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
