//! Reading files and sending them to sockets.

use crate::sys::fd::{filled, retry, without_sigpipe};
use libc::c_int;
use std::mem::MaybeUninit;

/// fstat(2). None with errno.
pub fn status(fd: c_int) -> Option<libc::stat> {
    let mut st = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat fills the struct if it succeeds.
    unsafe { (libc::fstat(fd, st.as_mut_ptr()) == 0).then(|| st.assume_init()) }
}

/// Whether this is the status of a regular file.
pub fn is_regular(st: &libc::stat) -> bool {
    st.st_mode & libc::S_IFMT == libc::S_IFREG
}

/// Reads from an offset of a file until the buffer is full or the file ends. Returns the bytes; None with errno.
pub fn read_at(fd: c_int, room: &mut [MaybeUninit<u8>], at: i64) -> Option<&[u8]> {
    let mut done = 0;
    while let Some(rest) = room.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let (to, len) = (rest.as_mut_ptr().cast(), rest.len());
        // SAFETY: pread writes at most `len` bytes, the length of the rest of the buffer.
        let n = retry(|| unsafe { libc::pread64(fd, to, len, at.saturating_add(done as i64)) });
        match n {
            0 => break,
            n if n < 0 => return None,
            n => done += n as usize,
        }
    }
    filled(room, done as isize)
}

/// sendfile(2) without SIGPIPE: sends up to `len` bytes from an offset of a file. Returns the number of bytes, or
/// -1 with errno.
pub fn send(socket: c_int, fd: c_int, at: i64, len: usize) -> isize {
    without_sigpipe(len, || {
        let mut at = at;
        // SAFETY: the kernel reads and writes the offset, a local variable.
        unsafe { libc::sendfile64(socket, fd, &mut at, len) }
    })
}
