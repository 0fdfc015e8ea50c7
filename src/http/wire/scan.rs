//! Character classes of HTTP/1.1: controls, tokens, comma-separated lists (RFC 9110, 5.6).

#![forbid(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use crate::sys::controls;

fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

/// The position of the first control character at or after `from`, or the length.
pub fn find_control(text: &[u8], from: usize) -> usize {
    let mut at = from.min(text.len());
    #[cfg(target_arch = "x86_64")]
    while let Some(sixteen) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = controls::of(sixteen);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    find_control_by_eight(text, at)
}

/// A byte repeated eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The same for eight bytes at a time: for the rest of a text, and for other architectures.
fn find_control_by_eight(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let eight = u64::from_le_bytes(*eight);
        // A subtraction that borrows sets the top bit of a byte that was too small; the lowest such bit is exact.
        // The second one finds zeroes, that is, bytes that were 0x7f.
        let delete = eight ^ all(0x7f);
        let small = eight.wrapping_sub(all(b' ')) & !eight;
        let found = (small | (delete.wrapping_sub(all(1)) & !delete)) & all(0x80);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|&b| !is_control(b)) {
        at += 1;
    }
    at
}

/// Classes of bytes: token characters, characters of host names (except escapes), characters of targets.
const TOKEN: u8 = 1;
const HOST: u8 = 2;
const TARGET: u8 = 4;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if (byte as u8).is_ascii_alphanumeric() {
            table[byte] = TOKEN | HOST;
        }
        // A fragment is never sent (RFC 9112, 3.2). Non-ASCII bytes shouldn't be sent, but are.
        if byte > 0x20 && byte != 0x7f && byte != b'#' as usize {
            table[byte] |= TARGET;
        }
        byte += 1;
    }
    add(add(table, b"!#$%&'*+-.^_`|~", TOKEN), b"-._~!$&'()*+,;=", HOST)
}

const fn add(mut table: [u8; 256], marks: &[u8], class: u8) -> [u8; 256] {
    let mut i = 0;
    while i < marks.len() {
        table[marks[i] as usize] |= class;
        i += 1;
    }
    table
}

/// The number of bytes at the start that are in this class.
#[inline]
fn class_len(text: &[u8], class: u8) -> usize {
    let end = text.iter().position(|&b| CLASSES[usize::from(b)] & class == 0);
    end.unwrap_or(text.len())
}

/// The number of token characters at the start.
pub fn token_len(text: &[u8]) -> usize {
    class_len(text, TOKEN)
}

/// The number of characters of a host name at the start, except escapes.
pub fn host_name_len(text: &[u8]) -> usize {
    class_len(text, HOST)
}

/// The number of characters of a target at the start.
pub fn target_len(text: &[u8]) -> usize {
    class_len(text, TARGET)
}

pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && token_len(text) == text.len()
}

/// Whether a field value has no control characters other than tabs.
pub fn is_value(text: &[u8]) -> bool {
    let mut at = find_control(text, 0);
    while text.get(at) == Some(&b'\t') {
        at = find_control(text, at + 1);
    }
    at == text.len()
}

/// Whether the byte may surround a field's value.
pub fn is_blank(byte: &u8) -> bool {
    *byte == b' ' || *byte == b'\t'
}

/// Removes blanks and tabs at the start.
pub fn skip_blanks(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !is_blank(b)).unwrap_or(text.len());
    text.get(start..).unwrap_or(b"")
}

/// Removes blanks and tabs at both ends.
pub fn trim(text: &[u8]) -> &[u8] {
    let text = skip_blanks(text);
    let end = text.iter().rposition(|b| !is_blank(b)).map_or(0, |i| i + 1);
    text.get(..end).unwrap_or(b"")
}

/// The length of the quoted string at the start of a text without control characters other than tabs; 0 if there
/// is none.
pub fn quoted_len(text: &[u8]) -> usize {
    if text.first() != Some(&b'"') {
        return 0;
    }
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return 0,
        }
    }
}

/// The members of a comma-separated list without empty ones.
pub fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b',').map(trim).filter(|member| !member.is_empty())
}

/// Whether a comma-separated list contains this member, ignoring case.
pub fn has_member(list: &[u8], member: &[u8]) -> bool {
    members(list).any(|m| m.eq_ignore_ascii_case(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls() {
        for len in 0..50 {
            let text = vec![b'x'; len];
            assert_eq!((find_control(&text, 0), find_control_by_eight(&text, 0)), (len, len));
        }
        assert_eq!(find_control(b"abc", 7), 3);
        for at in 0..50 {
            for control in [0, 9, 10, 13, 31, 127] {
                let mut text = [b'x'; 50];
                text[at] = control;
                assert_eq!(find_control(&text, 0), at);
                assert_eq!(find_control(&text, at + 1), 50);
                assert_eq!(find_control_by_eight(&text, 0), at);
            }
        }
        assert_eq!(find_control("caf\u{e9} \u{ff}".as_bytes(), 0), 8);
        for byte in 0..=255 {
            let expected = if is_control(byte) { 3 } else { 9 };
            let text = [b'x', b'~', b' ', byte, 0x80, 0xff, b' ', 0x21, 0xfe];
            assert_eq!(find_control(&text, 0), expected, "{byte}");
            let expected = if is_control(byte) { 3 } else { 18 };
            assert_eq!(find_control(&[text, text].concat(), 0), expected, "{byte}");
        }
    }

    #[test]
    fn lists() {
        assert!(has_member(b"close", b"close"));
        assert!(has_member(b" Foo ,\tCLOSE\t,, ", b"close"));
        assert!(!has_member(b"closed, clos", b"close"));
        assert!(!has_member(b"", b"close"));
        assert_eq!(members(b",a,, b ,").collect::<Vec<_>>(), [b"a", b"b"]);
    }

    #[test]
    fn values() {
        assert!(is_token(b"X-Y"));
        assert!(!is_token(b"X Y") && !is_token(b"") && !is_token(b"a:"));
        assert!(is_value(b"a\tb \xff") && !is_value(b"a\r\nb") && !is_value(b"a\0"));
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(skip_blanks(b"\t a "), b"a ");
    }

    #[test]
    fn quoted() {
        for (text, len) in [
            ("\"\"", 2),
            ("\"a\"b", 3),
            ("\"a\\\"\"", 5),
            ("\"\\\\\"\"", 4),
            ("\"", 0),
            ("\"a", 0),
            ("\"a\\\"", 0),
            ("\"a\\", 0),
            ("a\"\"", 0),
            ("", 0),
        ] {
            assert_eq!(quoted_len(text.as_bytes()), len, "{text:?}");
        }
    }
}
