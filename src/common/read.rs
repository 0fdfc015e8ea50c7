//! Reads exact numbers of bytes, lines and messages from a descriptor. Nothing is buffered between
//! calls. A failure is None with errno.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::mem::MaybeUninit;

use crate::sys::{errno, fd};

/// The number of bytes of a socket that are searched for a newline at a time.
const LOOK_AHEAD: usize = 4096;

/// A buffer of the program to read into.
pub type Room<'a> = &'a mut [MaybeUninit<u8>];

/// The number of bytes, 0 at the end of the stream; None with errno.
type Count = Option<usize>;

/// Reads until the buffer is full or the stream ends.
pub fn exactly(fd: c_int, room: Room<'_>) -> Count {
    let mut got = 0;
    while got < room.len() {
        match fd::read_into(fd, &mut room[got..])?.len() {
            0 => break,
            more => got += more,
        }
    }
    Some(got)
}

/// Reads a message: its length and its type, four bytes each, and its body. Returns the body's
/// length.
pub fn message(fd: c_int, room: Room<'_>) -> Count {
    let mut head = [0; 8];
    let mut at = 0;
    while at < head.len() {
        let mut rest = [MaybeUninit::uninit(); 8];
        let got = fd::read_into(fd, &mut rest[at..])?;
        if got.is_empty() {
            return Some(0);
        }
        head[at..at + got.len()].copy_from_slice(got);
        at += got.len();
    }
    // The type, in the second half, is left to the program.
    let [a, b, c, d, ..] = head;
    let body = u32::from_be_bytes([a, b, c, d]) as usize;
    let Some(room) = room.get_mut(..body) else {
        errno::set(libc::EMSGSIZE);
        return None;
    };
    exactly(fd, room).map(|n| if n < body { 0 } else { n })
}

/// A line that is being read into a program's buffer. A NUL always follows it.
struct Line<'a> {
    room: Room<'a>,
    len: usize,
    /// The last byte; 0 if the line is empty.
    last: u8,
}

impl Line<'_> {
    fn new(room: Room<'_>) -> Option<Line<'_>> {
        let Some(first) = room.first_mut() else {
            errno::set(libc::EINVAL);
            return None;
        };
        first.write(0);
        Some(Line { room, len: 0, last: 0 })
    }

    /// The number of bytes that still fit, besides the NUL.
    fn spare(&self) -> usize {
        self.room.len() - 1 - self.len
    }

    fn is_full(&self) -> bool {
        self.spare() == 0
    }

    fn push(&mut self, byte: u8) {
        self.room[self.len].write(byte);
        self.room[self.len + 1].write(0);
        self.len += 1;
        self.last = byte;
    }

    /// Overwrites the last byte.
    fn replace_last(&mut self, byte: u8) {
        if let Some(i) = self.len.checked_sub(1) {
            self.room[i].write(byte);
            self.last = byte;
        }
    }

    /// Appends one byte from any descriptor. 0 at the end of the stream.
    fn read_byte(&mut self, fd: c_int) -> Count {
        let mut byte = [MaybeUninit::uninit()];
        let got = fd::read_into(fd, &mut byte)?;
        if let Some(&byte) = got.first()
            && !self.is_full()
        {
            self.push(byte);
        }
        Some(got.len())
    }

    /// Appends the bytes that a socket holds, at most up to and including the first newline. 0 at the
    /// end of the stream. They are peeked into another buffer first, so that nothing after the line
    /// is written to the program's.
    fn take_from_socket(&mut self, fd: c_int) -> Count {
        let mut seen = [MaybeUninit::uninit(); LOOK_AHEAD];
        let most = self.spare().min(LOOK_AHEAD);
        let held = fd::peek(fd, &mut seen[..most])?;
        let wanted = held.iter().position(|&b| b == b'\n').map_or(held.len(), |i| i + 1);
        let end = self.len + wanted;
        let taken = exactly(fd, &mut self.room[self.len..end]);
        let n = taken.unwrap_or(0);
        if n > 0 {
            self.last = held[n - 1];
        }
        self.len += n;
        self.room[self.len].write(0);
        taken
    }
}

/// Reads a line up to and including its newline. On a socket, the bytes after it aren't read. 0 at
/// the end of the stream.
pub fn line(fd: c_int, room: Room<'_>) -> Count {
    let mut line = Line::new(room)?;
    let mut is_socket = true;
    while !line.is_full() {
        let taken = match is_socket {
            true => line.take_from_socket(fd),
            false => line.read_byte(fd),
        };
        match taken {
            None if is_socket && errno::get() == libc::ENOTSOCK => is_socket = false,
            None => return None,
            Some(0) => return Some(0),
            Some(_) if line.last == b'\n' => return Some(line.len),
            Some(_) => (),
        }
    }
    errno::set(libc::EMSGSIZE);
    None
}

/// Reads a line byte by byte up to and including its newline. None also at the end of the stream.
pub fn line_by_bytes(fd: c_int, room: Room<'_>) -> Count {
    let mut line = Line::new(room)?;
    while !line.is_full() {
        match line.read_byte(fd) {
            None | Some(0) => return None,
            Some(_) if line.last == b'\n' => return Some(line.len),
            Some(_) => (),
        }
    }
    errno::set(libc::EMSGSIZE);
    None
}

/// Reads a line that ends with CR, LF or CRLF, and replaces its end by LF. The bytes before the end
/// of the stream, or as many as fit into the buffer, also count as a line.
pub fn line_of_any_end(fd: c_int, room: Room<'_>) -> Count {
    let mut line = Line::new(room)?;
    while !line.is_full() && line.last != b'\n' {
        let before = line.last;
        match line.read_byte(fd) {
            None | Some(0) => break,
            Some(_) => (),
        }
        match line.last {
            b'\r' if takes_newline_ahead(fd) => line.replace_last(b'\n'),
            b'\n' if before == b'\r' => {
                line.replace_last(0);
                line.len -= 1;
                line.replace_last(b'\n');
            }
            _ => (),
        }
    }
    Some(line.len)
}

/// After a CR on a socket: reads a LF if that comes next. False for other files: their next byte
/// can't be peeked at, so there a CR becomes a LF only together with a LF.
fn takes_newline_ahead(fd: c_int) -> bool {
    let mut next = [MaybeUninit::uninit()];
    match fd::peek(fd, &mut next) {
        None => errno::get() != libc::ENOTSOCK,
        Some(b"\n") => {
            fd::read_into(fd, &mut next);
            true
        }
        Some(_) => true,
    }
}
