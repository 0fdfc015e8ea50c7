//! Descriptors and sockets: system calls with the flags that this library needs.

use super::errno;
use libc::{c_int, c_short, c_void};
use std::mem::{self, MaybeUninit};
use std::ptr;

/// Repeats a system call while it fails with EINTR.
pub fn retry(mut f: impl FnMut() -> isize) -> isize {
    loop {
        let n = f();
        if n >= 0 || errno::get() != libc::EINTR {
            return n;
        }
    }
}

/// recv(2) that doesn't block and is repeated on EINTR.
pub fn recv(fd: c_int, room: &mut [MaybeUninit<u8>]) -> isize {
    let (to, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: recv writes at most `len` bytes, the length of the slice.
    retry(|| unsafe { libc::recv(fd, to, len, libc::MSG_DONTWAIT) })
}

/// Whether more data follows a send at once.
#[derive(Clone, Copy)]
pub enum More {
    Nothing = 0,
    /// The end of the stream or the bytes of a file follow. They can then share a segment with these bytes.
    AtOnce = libc::MSG_MORE as isize,
}

/// send(2) that doesn't block, doesn't raise SIGPIPE and is repeated on EINTR.
pub fn send(fd: c_int, bytes: &[u8], more: More) -> isize {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | more as c_int;
    // SAFETY: send reads at most the length of the slice.
    retry(|| unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) })
}

/// read(2) in the blocking mode of the descriptor.
pub fn read(fd: c_int, room: &mut [MaybeUninit<u8>]) -> isize {
    let (to, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: read writes at most `len` bytes, the length of the slice.
    retry(|| unsafe { libc::read(fd, to, len) })
}

/// read(2) in the blocking mode of the descriptor. Returns the bytes, none at the end of the stream; None with
/// errno.
pub fn read_into(fd: c_int, room: &mut [MaybeUninit<u8>]) -> Option<&[u8]> {
    let n = read(fd, room);
    filled(room, n)
}

/// Reads from a socket without removing the bytes. Waits if the descriptor is in blocking mode. None with errno,
/// which is ENOTSOCK if it isn't a socket.
pub fn peek(fd: c_int, room: &mut [MaybeUninit<u8>]) -> Option<&[u8]> {
    let (at, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: the slice has room for `len` bytes.
    let n = retry(|| unsafe { libc::recv(fd, at, len, libc::MSG_PEEK) });
    filled(room, n)
}

/// The part of a buffer that a system call has filled.
pub(super) fn filled(room: &[MaybeUninit<u8>], n: isize) -> Option<&[u8]> {
    let part = room.get(..usize::try_from(n).ok()?)?;
    // SAFETY: the call has written these bytes, and both types have the same layout.
    Some(unsafe { &*(ptr::from_ref(part) as *const [u8]) })
}

/// write(2) without SIGPIPE, for descriptors that aren't sockets.
pub fn write_nosignal(fd: c_int, bytes: &[u8]) -> isize {
    let len = bytes.len();
    // SAFETY: write reads at most `len` bytes, the length of the slice.
    without_sigpipe(len, || unsafe { libc::write(fd, bytes.as_ptr().cast(), len) })
}

/// Makes a system call that writes up to `len` bytes. Repeats it on EINTR and suppresses SIGPIPE, which may be
/// raised even after a partial write.
pub fn without_sigpipe(len: usize, call: impl FnMut() -> isize) -> isize {
    // SAFETY: all zeroes are a valid signal set. These calls get a valid signal number, sets of this thread and a
    // known operation.
    unsafe {
        let mut pipe: libc::sigset_t = mem::zeroed();
        let mut before: libc::sigset_t = mem::zeroed();
        let mut waiting: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&mut pipe);
        libc::sigaddset(&mut pipe, libc::SIGPIPE);
        libc::sigpending(&mut waiting);
        let was_waiting = libc::sigismember(&waiting, libc::SIGPIPE) == 1;
        libc::pthread_sigmask(libc::SIG_BLOCK, &pipe, &mut before);
        let n = retry(call);
        let keep = errno::Keep::new();
        if n != len as isize && !was_waiting {
            // A pending signal is consumed here, because it would be delivered when the mask is restored.
            let now: libc::timespec = mem::zeroed();
            retry(|| libc::sigtimedwait(&pipe, ptr::null_mut(), &now) as isize);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        drop(keep);
        n
    }
}

/// Replaces the file of descriptor `old` by that of `new` and closes `new`. It can't fail for open descriptors.
pub fn replace(old: c_int, new: c_int) {
    // SAFETY: dup3 takes numbers only. The caller owns both descriptors.
    retry(|| unsafe { libc::dup3(new, old, libc::O_CLOEXEC) as isize });
    close(new);
}

/// close(2). Linux frees the descriptor even when it reports an error (EINTR; EIO for a written file, and the
/// library writes to no files), so the call isn't repeated.
pub fn close(fd: c_int) {
    // SAFETY: closing a descriptor doesn't touch memory of the process.
    unsafe { libc::close(fd) };
}

/// Moves a new descriptor away from the numbers of the standard streams, which the program may have closed.
/// Otherwise log lines would go to it, and the dup2(2) calls of a daemon would close it. Takes the result of the
/// system call that made the descriptor. Returns the descriptor, which is close-on-exec, or -1 with errno.
#[inline]
pub fn lift(fd: c_int) -> c_int {
    if (0..=libc::STDERR_FILENO).contains(&fd) { moved(fd, libc::F_DUPFD_CLOEXEC) } else { fd }
}

/// As `lift`, for descriptors that are inherited by exec.
pub fn lift_inherited(fd: c_int) -> c_int {
    if (0..=libc::STDERR_FILENO).contains(&fd) { moved(fd, libc::F_DUPFD) } else { fd }
}

#[cold]
fn moved(fd: c_int, how: c_int) -> c_int {
    // SAFETY: numbers only.
    let higher = unsafe { libc::fcntl(fd, how, libc::STDERR_FILENO + 1) };
    let _keep = errno::Keep::new();
    close(fd);
    higher
}

/// accept4(2). The new descriptor is non-blocking and close-on-exec.
pub fn accept(fd: c_int) -> c_int {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: NULL means that the peer's address isn't wanted.
    lift(unsafe { libc::accept4(fd, ptr::null_mut(), ptr::null_mut(), flags) })
}

/// accept(2). The new descriptor is blocking and inherited by exec. -1 with errno.
pub fn accept_plain(fd: c_int) -> c_int {
    // SAFETY: NULL means that the peer's address isn't wanted.
    lift_inherited(unsafe { libc::accept(fd, ptr::null_mut(), ptr::null_mut()) })
}

/// A descriptor that only reserves its number, or -1 with errno.
pub fn spare() -> c_int {
    // SAFETY: eventfd takes numbers only.
    // Unlike opening /dev/null, this needs no file system.
    lift(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) })
}

/// Sets O_NONBLOCK. False with errno for a bad descriptor.
pub fn set_nonblocking(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        flags >= 0
            && (flags & libc::O_NONBLOCK != 0
                || libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) == 0)
    }
}

/// Sets FD_CLOEXEC. False with errno for a bad descriptor.
pub fn set_close_on_exec(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) >= 0 }
}

/// Whether the descriptor is open.
pub fn is_open(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Whether a read would return at once: with bytes, the end of the stream, or an error.
pub fn has_input(fd: c_int) -> bool {
    ready(fd, libc::POLLIN) != 0
}

/// Whether a socket's peer has shut down its sending side or closed, even if bytes are still to be read.
pub fn has_hung_up(fd: c_int) -> bool {
    ready(fd, libc::POLLRDHUP) != 0
}

/// Which of `events` a descriptor is ready for, and conditions that poll(2) always reports. 0 if poll(2) fails.
pub fn ready(fd: c_int, events: c_short) -> c_short {
    let mut one = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: poll gets one struct and a count of 1.
    if unsafe { libc::poll(&mut one, 1, 0) } > 0 { one.revents } else { 0 }
}

/// Waits until a descriptor is writable or has an error. -1 with errno.
pub fn wait_until_writable(fd: c_int) -> c_int {
    let mut one = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: poll gets one struct and a count of 1.
    retry(|| unsafe { libc::poll(&mut one, 1, -1) as isize }) as c_int
}

/// Whether the peer of a message socket has ended the stream and no message with content is left.
pub fn has_ended(fd: c_int) -> bool {
    let end = libc::POLLRDHUP | libc::POLLHUP;
    ready(fd, libc::POLLRDHUP) & end != 0 && available(fd).unwrap_or(0) == 0
}

/// The kernel's number for a socket, which is never used twice while the system runs (SO_COOKIE, socket(7)). None
/// for a bad descriptor and for one that isn't a socket.
pub fn cookie(fd: c_int) -> Option<u64> {
    let mut value = 0u64;
    let mut len = mem::size_of::<u64>() as libc::socklen_t;
    let at = (&raw mut value).cast::<c_void>();
    // SAFETY: `at` and `len` describe `value`.
    let r = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_COOKIE, at, &mut len) };
    (r == 0).then_some(value)
}

/// Identifies the file of a descriptor: a socket by its cookie, others by device and inode. None if it is closed.
pub fn identity(fd: c_int) -> Option<u64> {
    let _keep = errno::Keep::new();
    if let Some(cookie) = cookie(fd) {
        return Some(cookie);
    }
    // SAFETY: fstat fills the struct, for which all zeroes are a valid value.
    unsafe {
        let mut st: libc::stat = mem::zeroed();
        (libc::fstat(fd, &mut st) == 0).then_some((st.st_dev << 40) ^ st.st_ino | (1 << 63))
    }
}

/// Shortens an identity to 32 bits other than 0. Cookies and inode numbers are counted up, so their low bits
/// differ.
pub fn fold(identity: u64) -> u32 {
    ((identity ^ (identity >> 32)) as u32).max(1)
}

/// The number of bytes that can be read at once (FIONREAD, ioctl(2)). None if unknown.
pub fn available(fd: c_int) -> Option<usize> {
    let _keep = errno::Keep::new();
    let mut n: c_int = 0;
    // SAFETY: the request writes one int.
    let r = unsafe { libc::ioctl(fd, libc::FIONREAD, &mut n) };
    if r == 0 { usize::try_from(n).ok() } else { None }
}

/// The number of sent bytes that the peer hasn't received yet; 0 if unknown. For TCP it is exact (SIOCOUTQ,
/// tcp(7)). For Unix sockets it includes the kernel's overhead (unix(7)).
pub fn on_its_way(fd: c_int) -> u32 {
    let _keep = errno::Keep::new();
    let mut n: c_int = 0;
    // SAFETY: the request writes one int.
    let r = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &mut n) };
    if r == 0 { n.max(0) as u32 } else { 0 }
}

/// Shuts down the sending side (shutdown(2)): 0, or -1 with errno.
pub fn shut_writing(fd: c_int) -> c_int {
    // SAFETY: shutdown takes numbers only.
    unsafe { libc::shutdown(fd, libc::SHUT_WR) }
}
