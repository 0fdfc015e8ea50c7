//! Descriptors and sockets: system calls with the flags this library wants.

use super::errno;
use libc::{c_int, c_short, c_void};
use std::mem::{self, MaybeUninit};
use std::ptr;

/// Calls `f` again while a signal interrupts it.
pub fn retry(mut f: impl FnMut() -> isize) -> isize {
    loop {
        let n = f();
        if n >= 0 || errno::get() != libc::EINTR {
            return n;
        }
    }
}

/// recv(2) that neither blocks nor is interrupted.
pub fn recv(fd: c_int, room: &mut [MaybeUninit<u8>]) -> isize {
    let (to, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: recv writes no more than the room has.
    retry(|| unsafe { libc::recv(fd, to, len, libc::MSG_DONTWAIT) })
}

/// What follows the bytes of a send at once.
#[derive(Clone, Copy)]
pub enum More {
    Nothing = 0,
    /// The end of the stream, or a file, which then shares a segment with them.
    AtOnce = libc::MSG_MORE as isize,
}

/// send(2) that neither blocks, nor is interrupted, nor raises SIGPIPE.
pub fn send(fd: c_int, bytes: &[u8], more: More) -> isize {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | more as c_int;
    // SAFETY: send reads no more than the slice has.
    retry(|| unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) })
}

/// read(2), in the descriptor's own blocking mode.
pub fn read(fd: c_int, room: &mut [MaybeUninit<u8>]) -> isize {
    let (to, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: read writes no more than the room has.
    retry(|| unsafe { libc::read(fd, to, len) })
}

/// read(2), in the descriptor's own blocking mode: the bytes, none at the end of the stream; None with errno.
pub fn read_into(fd: c_int, room: &mut [MaybeUninit<u8>]) -> Option<&[u8]> {
    let n = read(fd, room);
    filled(room, n)
}

/// What a socket holds, without taking it: waits for it in the descriptor's own blocking mode. None with errno,
/// ENOTSOCK for what is no socket.
pub fn peek(fd: c_int, room: &mut [MaybeUninit<u8>]) -> Option<&[u8]> {
    let (at, len) = (room.as_mut_ptr().cast(), room.len());
    // SAFETY: the slice has room for `len` bytes.
    let n = retry(|| unsafe { libc::recv(fd, at, len, libc::MSG_PEEK) });
    filled(room, n)
}

/// The part of a room that a system call says it has filled.
pub(super) fn filled(room: &[MaybeUninit<u8>], n: isize) -> Option<&[u8]> {
    let part = room.get(..usize::try_from(n).ok()?)?;
    // SAFETY: the call has written these bytes; both types have one layout.
    Some(unsafe { &*(ptr::from_ref(part) as *const [u8]) })
}

/// write(2) without SIGPIPE, for descriptors that `send` can't serve.
pub fn write_nosignal(fd: c_int, bytes: &[u8]) -> isize {
    let len = bytes.len();
    // SAFETY: write reads no more than the slice has.
    without_sigpipe(len, || unsafe { libc::write(fd, bytes.as_ptr().cast(), len) })
}

/// Makes a system call that writes up to `len` bytes, again while a signal interrupts it, and without
/// SIGPIPE, which one that has written some of them may raise as well.
pub fn without_sigpipe(len: usize, call: impl FnMut() -> isize) -> isize {
    // SAFETY: signal sets are plain values, zero is a valid one. None of the calls about them fails with
    // a signal that exists, a set of this thread and a known operation.
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
            // Where the signal is pending on this thread it is taken, or it fires with the mask gone.
            let now: libc::timespec = mem::zeroed();
            retry(|| libc::sigtimedwait(&pipe, ptr::null_mut(), &now) as isize);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        drop(keep);
        n
    }
}

/// Puts a new file under an old number, and gives up the new file's own. It fails for no open numbers.
pub fn replace(old: c_int, new: c_int) {
    // SAFETY: numbers only, of descriptors that are the caller's.
    retry(|| unsafe { libc::dup3(new, old, libc::O_CLOEXEC) as isize });
    close(new);
}

/// close(2). Linux frees the number even where it reports an error (EINTR; EIO of a file that was
/// written to, which the library does to none): no second call.
pub fn close(fd: c_int) {
    // SAFETY: closing a number has no memory effects; who owns it is the caller's concern.
    unsafe { libc::close(fd) };
}

/// Keeps a fresh descriptor off the numbers of the standard streams, which a program may have closed: log
/// lines would go there, and dup2(2) of a daemon would close it. Takes the result of the call that made it;
/// the descriptor, which isn't inherited by exec, or -1 with errno.
#[inline]
pub fn lift(fd: c_int) -> c_int {
    if (0..=libc::STDERR_FILENO).contains(&fd) { moved(fd, libc::F_DUPFD_CLOEXEC) } else { fd }
}

/// As `lift`, for descriptors that exec hands on.
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

/// accept4(2): the new descriptor doesn't block and isn't inherited by exec.
pub fn accept(fd: c_int) -> c_int {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: NULL addresses mean that none is wanted.
    lift(unsafe { libc::accept4(fd, ptr::null_mut(), ptr::null_mut(), flags) })
}

/// accept(2): the new descriptor blocks and is inherited by exec. -1 with errno.
pub fn accept_plain(fd: c_int) -> c_int {
    // SAFETY: NULL addresses mean that none is wanted.
    lift_inherited(unsafe { libc::accept(fd, ptr::null_mut(), ptr::null_mut()) })
}

/// A descriptor of no use, or -1 with errno.
pub fn spare() -> c_int {
    // SAFETY: numbers only. Unlike /dev/null it needs no file system.
    lift(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) })
}

/// Adds O_NONBLOCK. False with errno for a bad descriptor.
pub fn set_nonblocking(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        flags >= 0
            && (flags & libc::O_NONBLOCK != 0
                || libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) == 0)
    }
}

/// Adds FD_CLOEXEC: exec doesn't hand the descriptor on. False with errno for a bad descriptor.
pub fn set_close_on_exec(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) >= 0 }
}

/// Whether the number names an open file.
pub fn is_open(fd: c_int) -> bool {
    // SAFETY: fcntl on a number; a bad one fails with EBADF.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Whether a read would find something: bytes, the end of the stream, or an error.
pub fn has_input(fd: c_int) -> bool {
    ready(fd, libc::POLLIN) != 0
}

/// Whether a socket's peer has ended its side, or more, whatever waits to be read before that.
pub fn has_hung_up(fd: c_int) -> bool {
    ready(fd, libc::POLLRDHUP) != 0
}

/// What of `events` a descriptor is ready for (poll(2)), and what else is to be told of it. Nothing where
/// the system can't say.
pub fn ready(fd: c_int, events: c_short) -> c_short {
    let mut one = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one struct, as the count says.
    if unsafe { libc::poll(&mut one, 1, 0) } > 0 { one.revents } else { 0 }
}

/// Waits until a descriptor is writable, or broken. -1 with errno.
pub fn wait_until_writable(fd: c_int) -> c_int {
    let mut one = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one struct, as the count says.
    retry(|| unsafe { libc::poll(&mut one, 1, -1) as isize }) as c_int
}

/// Whether the peer of a socket of messages has ended, and nothing but empty messages is left of it.
pub fn has_ended(fd: c_int) -> bool {
    let end = libc::POLLRDHUP | libc::POLLHUP;
    ready(fd, libc::POLLRDHUP) & end != 0 && available(fd).unwrap_or(0) == 0
}

/// The kernel's name for a socket, never used twice while the system runs (SO_COOKIE, socket(7)).
/// None for what isn't a socket, and for a bad descriptor.
pub fn cookie(fd: c_int) -> Option<u64> {
    let mut value = 0u64;
    let mut len = mem::size_of::<u64>() as libc::socklen_t;
    let at = (&raw mut value).cast::<c_void>();
    // SAFETY: `at` and `len` describe `value`.
    let r = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_COOKIE, at, &mut len) };
    (r == 0).then_some(value)
}

/// What a descriptor refers to: a socket's cookie, else device and inode; None when it is closed.
pub fn identity(fd: c_int) -> Option<u64> {
    let _keep = errno::Keep::new();
    if let Some(cookie) = cookie(fd) {
        return Some(cookie);
    }
    // SAFETY: fstat fills the struct that it is given; zero is a valid value of it.
    unsafe {
        let mut st: libc::stat = mem::zeroed();
        (libc::fstat(fd, &mut st) == 0).then_some((st.st_dev << 40) ^ st.st_ino | (1 << 63))
    }
}

/// An identity in fewer bits, not 0. Sockets' cookies and inode numbers both count up: their low bits
/// tell them apart.
pub fn fold(identity: u64) -> u32 {
    ((identity ^ (identity >> 32)) as u32).max(1)
}

/// How many bytes a read would find at once (FIONREAD, ioctl(2)); None where that can't be told.
pub fn available(fd: c_int) -> Option<usize> {
    let _keep = errno::Keep::new();
    let mut n: c_int = 0;
    // SAFETY: the request writes one int.
    let r = unsafe { libc::ioctl(fd, libc::FIONREAD, &mut n) };
    if r == 0 { usize::try_from(n).ok() } else { None }
}

/// How many bytes of what was written the other end doesn't have yet (SIOCOUTQ, tcp(7) and unix(7),
/// there with the kernel's own needs added); 0 where that can't be told.
pub fn on_its_way(fd: c_int) -> u32 {
    let _keep = errno::Keep::new();
    let mut n: c_int = 0;
    // SAFETY: the request writes one int.
    let r = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &mut n) };
    if r == 0 { n.max(0) as u32 } else { 0 }
}

/// Ends the writing side (shutdown(2)): 0, or -1 with errno.
pub fn shut_writing(fd: c_int) -> c_int {
    // SAFETY: plain numbers.
    unsafe { libc::shutdown(fd, libc::SHUT_WR) }
}
