//! A filter for tests: letters are rotated by 13 places on the wire.

#![forbid(unsafe_code)]

use super::Filter;
use crate::reactor::tcp_connection::Connection;
use crate::sys::pool::Bytes;
use libc::c_int;
use std::sync::OnceLock;

static ROT13: Filter = Filter {
    incoming: |_, wire, plain| turned(wire, plain),
    outgoing: |_, plain, wire| turned(plain, wire),
};

/// Installs the filter on a new connection if YOLANDA_TEST_FILTER requests it. False if out of memory.
pub fn install(conn: &Connection) -> bool {
    static ASKED: OnceLock<bool> = OnceLock::new();
    let asked =
        ASKED.get_or_init(|| std::env::var_os("YOLANDA_TEST_FILTER").is_some_and(|s| s == "rot13"));
    !asked || conn.set_filter(&ROT13)
}

fn turned(from: &[u8], to: &mut Bytes) -> Result<(), c_int> {
    let start = to.bytes().len();
    to.append(from).ok_or(libc::ENOMEM)?;
    to.bytes_mut()[start..].iter_mut().for_each(|byte| *byte = rot13(*byte));
    Ok(())
}

fn rot13(byte: u8) -> u8 {
    let first = byte & !0x1f | 1;
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => (byte - first + 13) % 26 + first,
        _ => byte,
    }
}

#[cfg(test)]
mod tests {
    use super::rot13;

    #[test]
    fn letters_change_places() {
        assert_eq!(b"Hello, Nnyz 09~\xff".map(rot13), *b"Uryyb, Aalm 09~\xff");
        assert!((0..=255).all(|byte| rot13(rot13(byte)) == byte));
    }
}
