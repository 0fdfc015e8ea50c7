//! Reading from sockets and pipes. In a file of its own, because `read.rs` has no unsafe code.

use super::read::{Room, line, line_by_bytes, line_of_any_end, message};
use core::ffi::c_int;
use core::mem::MaybeUninit;
use std::io::Write;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// A connected pair, the writing end second: a pipe or a socket pair.
fn pair(socket: bool) -> (OwnedFd, OwnedFd) {
    if socket {
        let (to, from) = UnixStream::pair().unwrap();
        from.shutdown(Shutdown::Write).unwrap();
        return (to.into(), from.into());
    }
    let (from, to) = std::io::pipe().unwrap();
    (to.into(), from.into())
}

/// Sends `text` and ends the stream, then calls `read` until it returns 0 or fails.
fn lines(
    text: &str,
    socket: bool,
    length: usize,
    read: impl Fn(c_int, Room<'_>) -> Option<usize>,
) -> Vec<String> {
    let (to, from) = pair(socket);
    std::fs::File::from(to).write_all(text.as_bytes()).unwrap();
    let mut all = Vec::new();
    loop {
        let mut room = vec![MaybeUninit::new(b'#'); length + 1];
        let got = read(from.as_raw_fd(), &mut room[..length]);
        // SAFETY: every byte was initialised when the buffer was created.
        let room: Vec<u8> = room.iter().map(|byte| unsafe { byte.assume_init() }).collect();
        match got {
            Some(0) => return all,
            None => {
                all.push("failed".to_string());
                return all;
            }
            Some(n) => {
                assert_eq!(room[n], 0);
                assert!(room.iter().skip(n + 2).all(|&b| b == b'#'));
                all.push(String::from_utf8(room[..n].to_vec()).unwrap());
            }
        }
    }
}

#[test]
fn line_takes_one_line() {
    for socket in [true, false] {
        assert_eq!(lines("ab\n\ncd\nx", socket, 10, line), ["ab\n", "\n", "cd\n"]);
        assert_eq!(lines("abc\n", socket, 5, line), ["abc\n"]);
        assert_eq!(lines("abcd\n", socket, 5, line), ["failed"]);
    }
}

#[test]
fn line_by_bytes_fails_at_the_end() {
    assert_eq!(lines("ab\nx", true, 10, line_by_bytes), ["ab\n", "failed"]);
}

#[test]
fn line_of_any_end_makes_every_line_end_a_newline() {
    let whole = ["a\n", "b\n", "c\n", "d"];
    assert_eq!(lines("a\nb\r\nc\rd", true, 10, line_of_any_end), whole);
    assert_eq!(lines("a\nb\r\nd", false, 10, line_of_any_end), ["a\n", "b\n", "d"]);
    assert_eq!(lines("abcdef\n", true, 5, line_of_any_end), ["abcd", "ef\n"]);
}

#[test]
fn message_gives_the_body() {
    let read_message = |fd, room: Room<'_>| {
        let got = message(fd, room);
        if let Some(end) = got.and_then(|n| room.get_mut(n)) {
            end.write(0);
        }
        got
    };
    let two = "\0\0\0\x02typeab\0\0\0\x03typecde";
    assert_eq!(lines(two, true, 10, read_message), ["ab", "cde"]);
    assert_eq!(lines("\0\0\0\x02typea", true, 10, read_message), Vec::<String>::new());
    assert_eq!(lines("\0\0\0\x0btypea", true, 10, read_message), ["failed"]);
}
