use super::*;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

fn pair(socket: bool) -> (std::fs::File, OwnedFd) {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors, which are ours from here on.
    unsafe {
        let made = match socket {
            true => libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, fds.as_mut_ptr()),
            false => libc::pipe(fds.as_mut_ptr()),
        };
        assert_eq!(made, 0);
        (std::fs::File::from_raw_fd(fds[1]), OwnedFd::from_raw_fd(fds[0]))
    }
}

/// Sends `text` and the end of stream, then reads with `read` until it returns 0 or fails.
fn lines(
    text: &str,
    socket: bool,
    length: usize,
    read: impl Fn(c_int, *mut c_char, usize) -> usize,
) -> Vec<String> {
    let (mut to, from) = pair(socket);
    to.write_all(text.as_bytes()).unwrap();
    drop(to);
    let mut all = Vec::new();
    loop {
        let mut room = vec![b'#'; length + 1];
        match read(from.as_raw_fd(), room.as_mut_ptr().cast(), length) {
            0 => return all,
            FAILED => {
                all.push("failed".to_string());
                return all;
            }
            n => {
                assert_eq!(room[n], 0);
                assert!(room.iter().skip(n + 2).all(|&b| b == b'#'));
                all.push(String::from_utf8(room[..n].to_vec()).unwrap());
            }
        }
    }
}

#[test]
fn readline_takes_one_line() {
    // SAFETY: lines gives room of that length.
    let readline = |fd, at, n| unsafe { readline(fd, at, n) };
    for socket in [true, false] {
        assert_eq!(lines("ab\n\ncd\nx", socket, 10, readline), ["ab\n", "\n", "cd\n"]);
        assert_eq!(lines("abc\n", socket, 5, readline), ["abc\n"]);
        assert_eq!(lines("abcd\n", socket, 5, readline), ["failed"]);
    }
}

#[test]
fn readline_2_fails_at_the_end() {
    // SAFETY: lines gives room of that length.
    let readline_2 = |fd, at, n| unsafe { readline_2(fd, at, n) };
    assert_eq!(lines("ab\nx", true, 10, readline_2), ["ab\n", "failed"]);
}

#[test]
fn read_line_makes_every_line_end_a_newline() {
    // SAFETY: lines gives room of that length.
    let read_line = |fd, at, n| unsafe { read_line(fd, at, n as c_int) } as usize;
    let whole = ["a\n", "b\n", "c\n", "d"];
    assert_eq!(lines("a\nb\r\nc\rd", true, 10, read_line), whole);
    assert_eq!(lines("a\nb\r\nd", false, 10, read_line), ["a\n", "b\n", "d"]);
    assert_eq!(lines("abcdef\n", true, 5, read_line), ["abcd", "ef\n"]);
}

#[test]
fn read_message_gives_the_body() {
    // SAFETY: lines gives room of that length.
    let read_message = |fd, at: *mut c_char, n| unsafe {
        let got = read_message(fd, at, n);
        if got < n {
            *at.add(got) = 0;
        }
        got
    };
    let two = "\0\0\0\x02typeab\0\0\0\x03typecde";
    assert_eq!(lines(two, true, 10, read_message), ["ab", "cde"]);
    assert_eq!(lines("\0\0\0\x02typea", true, 10, read_message), Vec::<String>::new());
    assert_eq!(lines("\0\0\0\x0btypea", true, 10, read_message), ["failed"]);
}
