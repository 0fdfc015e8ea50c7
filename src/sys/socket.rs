//! Socket options.

use super::{errno, fd as sys_fd};
use crate::sys::address::Address;
use libc::{c_int, c_void};
use std::mem;

/// The largest values that the kernel accepts (tcp(7): TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT).
pub const KEEPALIVE_SECONDS_MAX: c_int = 32_767;
pub const KEEPALIVE_PROBES_MAX: c_int = 127;

/// A non-blocking, close-on-exec stream socket, or -1 with errno.
pub fn stream(family: c_int) -> c_int {
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: numbers only.
    sys_fd::lift(unsafe { libc::socket(family, kind, 0) })
}

/// A blocking stream socket that is inherited by exec, or -1 with errno.
pub fn stream_plain(family: c_int) -> c_int {
    // SAFETY: numbers only.
    sys_fd::lift_inherited(unsafe { libc::socket(family, libc::SOCK_STREAM, 0) })
}

/// A blocking, close-on-exec stream socket, or -1 with errno.
pub fn stream_blocking(family: c_int) -> c_int {
    // SAFETY: numbers only.
    sys_fd::lift(unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) })
}

/// bind(2): 0, or -1 with errno.
pub fn bind(fd: c_int, address: &Address) -> c_int {
    // SAFETY: `len` is the length of the address.
    unsafe { libc::bind(fd, address.as_ptr(), address.len) }
}

/// connect(2): 0, or -1 with errno.
pub fn connect(fd: c_int, address: &Address) -> c_int {
    // SAFETY: `len` is the length of the address.
    unsafe { libc::connect(fd, address.as_ptr(), address.len) }
}

/// listen(2): 0, or -1 with errno.
pub fn listen(fd: c_int, backlog: c_int) -> c_int {
    // SAFETY: numbers only.
    unsafe { libc::listen(fd, backlog) }
}

/// A pair of connected stream sockets, non-blocking and close-on-exec.
pub fn pair() -> Result<[c_int; 2], c_int> {
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let mut pair = [-1; 2];
    // SAFETY: the array has room for the two numbers.
    if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) } < 0 {
        return Err(errno::get());
    }
    for i in 0..2 {
        pair[i] = sys_fd::lift(pair[i]);
        if pair[i] < 0 {
            let e = errno::get();
            sys_fd::close(pair[1 - i]);
            return Err(e);
        }
    }
    Ok(pair)
}

/// Returns and clears the pending error of a socket (SO_ERROR, socket(7)); 0 for none.
pub fn take_error(fd: c_int) -> c_int {
    get(fd, libc::SOL_SOCKET, libc::SO_ERROR).unwrap_or_else(|e| e)
}

/// setsockopt(2) for an int: 0, or -1 with errno.
pub fn set(fd: c_int, level: c_int, option: c_int, value: c_int) -> c_int {
    let at = (&raw const value).cast::<c_void>();
    // SAFETY: `at` points to an int, whose size is the length.
    unsafe { libc::setsockopt(fd, level, option, at, mem::size_of::<c_int>() as u32) }
}

/// getsockopt(2) for an int. The error is errno.
pub fn get(fd: c_int, level: c_int, option: c_int) -> Result<c_int, c_int> {
    let mut value: c_int = 0;
    let mut len = mem::size_of::<c_int>() as libc::socklen_t;
    let at = (&raw mut value).cast::<c_void>();
    // SAFETY: `at` and `len` describe `value`.
    let r = unsafe { libc::getsockopt(fd, level, option, at, &mut len) };
    if r == 0 { Ok(value) } else { Err(errno::get()) }
}

/// Makes close(2) discard unsent data and send a reset (SO_LINGER, socket(7)).
pub fn reset_on_close(fd: c_int) {
    let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
    let at = (&raw const at_once).cast::<c_void>();
    let len = mem::size_of::<libc::linger>() as libc::socklen_t;
    // SAFETY: `at` and `len` describe `at_once`.
    // A socket of another kind has no reset, so a failure does no harm.
    unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_LINGER, at, len) };
}

/// TCP_NODELAY: 0, or -1 with errno (EOPNOTSUPP if it isn't a TCP socket).
pub fn set_nodelay(fd: c_int, on: bool) -> c_int {
    set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, c_int::from(on))
}

/// SO_KEEPALIVE with its times. `idle` 0 turns it off; other values of 0 leave a setting as it is. 0, or -1 with
/// errno.
pub fn set_keepalive(fd: c_int, idle: c_int, interval: c_int, count: c_int) -> c_int {
    let times =
        [(libc::TCP_KEEPIDLE, idle), (libc::TCP_KEEPINTVL, interval), (libc::TCP_KEEPCNT, count)];
    if idle > 0 {
        for (option, value) in times {
            if value > 0 && set(fd, libc::IPPROTO_TCP, option, value) < 0 {
                return -1;
            }
        }
    }
    set(fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE, c_int::from(idle > 0))
}
