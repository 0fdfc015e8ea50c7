//! The parameters of a header value: `; name=token; name="quoted"` (RFC 2045, 5.1). Clients also send characters that
//! aren't allowed in tokens without quotes, so an unquoted value ends at the next blank or semicolon.

#![forbid(unsafe_code)]

use core::ops::Range;

use crate::http::wire::scan::{is_blank, token_len};

/// The position of a parameter in the text. The value excludes its quotes; its escapes aren't decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub name: Range<usize>,
    pub value: Range<usize>,
    pub is_quoted: bool,
}

/// The text isn't a list of parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// Parses the parameter at `at` and advances `at`; None at the end of the text. The text has no control characters
/// except tabs.
pub fn next_parameter(text: &[u8], at: &mut usize) -> Result<Option<Parameter>, Malformed> {
    skip_blanks(text, at);
    match text.get(*at) {
        None => return Ok(None),
        Some(b';') => *at += 1,
        Some(_) => return Err(Malformed),
    }
    skip_blanks(text, at);
    let rest = text.get(*at..).unwrap_or(b"");
    if rest.is_empty() {
        return Ok(None);
    }
    let name = *at..*at + token_len(rest);
    if name.is_empty() || text.get(name.end) != Some(&b'=') {
        return Err(Malformed);
    }
    let start = name.end + 1;
    let is_quoted = text.get(start) == Some(&b'"');
    let value = if is_quoted { quoted(text, start + 1)? } else { bare(text, start)? };
    *at = value.end + usize::from(is_quoted);
    Ok(Some(Parameter { name, value, is_quoted }))
}

/// Whether the byte at `at` of a quoted value is a backslash that escapes the next byte. Old browsers send Windows
/// paths, so a backslash before any other byte is literal.
pub fn is_escape(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b'\\') && matches!(text.get(at + 1), Some(b'"' | b'\\'))
}

fn quoted(text: &[u8], start: usize) -> Result<Range<usize>, Malformed> {
    let mut at = start;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(start..at),
            Some(_) if is_escape(text, at) => at += 2,
            Some(_) => at += 1,
            None => return Err(Malformed),
        }
    }
}

fn bare(text: &[u8], start: usize) -> Result<Range<usize>, Malformed> {
    let rest = text.get(start..).unwrap_or(b"");
    let len = rest.iter().position(|b| is_blank(b) || *b == b';' || *b == b'"');
    let end = start + len.unwrap_or(rest.len());
    if end == start || text.get(end) == Some(&b'"') { Err(Malformed) } else { Ok(start..end) }
}

fn skip_blanks(text: &[u8], at: &mut usize) {
    while text.get(*at).is_some_and(is_blank) {
        *at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(&str, &str)>, Malformed> {
        let (mut at, mut all) = (0, Vec::new());
        while let Some(one) = next_parameter(text.as_bytes(), &mut at)? {
            all.push((&text[one.name], &text[one.value]));
        }
        Ok(all)
    }

    #[test]
    fn parameters() {
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read(" ; ").unwrap(), []);
        assert_eq!(read(";a=b").unwrap(), [("a", "b")]);
        assert_eq!(
            read(" ; a=b;c=\"d;e\\\"f\" ;\tg=--x/=?:;").unwrap(),
            [("a", "b"), ("c", "d;e\\\"f"), ("g", "--x/=?:")]
        );
        assert_eq!(read(";f=\"C:\\dir\\a.txt\"").unwrap(), [("f", "C:\\dir\\a.txt")]);
        assert_eq!(read(";f=\"\"").unwrap(), [("f", "")]);
    }

    #[test]
    fn malformed() {
        for text in [
            "a",
            "a=b",
            ";a",
            ";=b",
            ";a=",
            ";a=;b=c",
            ";a=\"b",
            ";a=\"b\\\"",
            ";a=b c",
            ";a=\"b\"c",
            ";a=b\"c\"",
            ";a =b",
            ";;a=b",
        ] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
    }
}
