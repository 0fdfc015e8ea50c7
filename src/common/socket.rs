//! Plain sockets for programs that block, and the listening socket of the acceptor.
//! What fails here ends the process with status 1: the programs don't check.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int};
use core::fmt::{self, Write};
use core::mem::{size_of, zeroed};
use core::net::Ipv4Addr;
use core::ptr::{null, null_mut};

use libc::{addrinfo, sockaddr_in, socklen_t};

use crate::log::{CText, stream};
use crate::sys::{errno, fd};

const BACKLOG: c_int = 1024;

unsafe extern "C" {
    static stderr: *mut libc::FILE;
}

/// Text for C, cut where its room ends, always with a NUL behind it.
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    const EMPTY: Text<N> = Text { bytes: [0; N], len: 0 };
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let n = text.len().min(N - 1 - self.len);
        self.bytes[self.len..self.len + n].copy_from_slice(&text.as_bytes()[..n]);
        self.len += n;
        self.bytes[self.len] = 0;
        Ok(())
    }
}

/// Says on stderr what failed and why, as `error(1, errno, ...)` does, and exits with status 1.
fn exit_with(what: &str, code: c_int) -> ! {
    let mut reason = [0 as c_char; 128];
    let mut line = Text::<256>::EMPTY;
    // SAFETY: strerror_r writes a NUL-terminated text into the array of the given length, also where it
    // fails for an unknown number.
    unsafe { libc::strerror_r(code, reason.as_mut_ptr(), reason.len()) };
    // Text never fails.
    let _ = writeln!(line, "{what} : {} ({code})", CText(reason.as_ptr()));
    // SAFETY: stdio's own stream and a NUL-terminated text; fflush(NULL) means all output.
    unsafe {
        libc::fflush(null_mut());
        if stream::is_taken(libc::fileno(stderr)) == 0 {
            libc::fputs(line.bytes.as_ptr().cast(), stderr);
        }
        libc::exit(1)
    }
}

fn or_exit(what: &str, result: c_int) -> c_int {
    if result < 0 {
        exit_with(what, errno::get());
    }
    result
}

/// An IPv4 address for the socket calls; `ip` in host order.
fn ipv4(ip: u32, port: u16) -> sockaddr_in {
    // SAFETY: sockaddr_in is plain data, and all zero is a value of it.
    let mut address: sockaddr_in = unsafe { zeroed() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_port = port.to_be();
    address.sin_addr.s_addr = ip.to_be();
    address
}

const ADDRESS_LEN: socklen_t = size_of::<sockaddr_in>() as socklen_t;

/// A listening IPv4 socket on any address, and the port it got (another one than asked for if
/// that was 0). Ends the process with `bind failed` or `listen failed`.
pub fn listen_or_exit(port: c_int, nonblocking: bool) -> (c_int, c_int) {
    let Ok(port) = u16::try_from(port) else {
        exit_with("bind failed", libc::EINVAL);
    };
    let mut kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    if nonblocking {
        kind |= libc::SOCK_NONBLOCK;
    }
    // SAFETY: no pointers.
    let fd = fd::lift(unsafe { libc::socket(libc::AF_INET, kind, 0) });
    or_exit("bind failed", fd);
    let mut address = ipv4(libc::INADDR_ANY, port);
    let mut length = ADDRESS_LEN;
    let on: c_int = 1;
    // SAFETY: each pointer goes with the size of what it points to.
    unsafe {
        let on = (&raw const on).cast();
        let size = size_of::<c_int>() as socklen_t;
        let set = libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, on, size);
        or_exit("bind failed", set);
        or_exit("bind failed", libc::bind(fd, (&raw const address).cast(), length));
        or_exit("listen failed", libc::listen(fd, BACKLOG));
        or_exit("bind failed", libc::getsockname(fd, (&raw mut address).cast(), &raw mut length));
    }
    (fd, c_int::from(u16::from_be(address.sin_port)))
}

fn ignore_sigpipe() {
    // SAFETY: SIG_IGN runs no handler of ours. It can't fail for a signal that may be ignored.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

pub(crate) extern "C" fn tcp_server_listen(port: c_int) -> c_int {
    let (fd, _) = listen_or_exit(port, false);
    ignore_sigpipe();
    fd
}

pub(crate) extern "C" fn tcp_nonblocking_server_listen(port: c_int) -> c_int {
    let (fd, _) = listen_or_exit(port, true);
    ignore_sigpipe();
    fd
}

/// Listens and waits for one client. The listening socket stays open, as it always did.
pub(crate) extern "C" fn tcp_server(port: c_int) -> c_int {
    let listening = tcp_server_listen(port);
    loop {
        // SAFETY: accept may be asked not to tell the address.
        let fd = fd::lift_inherited(unsafe { libc::accept(listening, null_mut(), null_mut()) });
        match errno::get() {
            _ if fd >= 0 => return fd,
            libc::EINTR | libc::ECONNABORTED => (),
            code => exit_with("accept failed", code),
        }
    }
}

pub(crate) extern "C" fn make_nonblocking(fd: c_int) {
    // There is no result to return: errno says what went wrong.
    fd::set_nonblocking(fd);
}

/// # Safety
/// `address` is NULL or a NUL-terminated string.
pub unsafe extern "C" fn tcp_client(address: *mut c_char, port: c_int) -> c_int {
    let Ok(port) = u16::try_from(port) else {
        exit_with("connect failed", libc::EINVAL);
    };
    // SAFETY: the caller's string.
    let Some(ip) = (unsafe { resolve(address) }) else {
        exit_with("connect failed", libc::EHOSTUNREACH);
    };
    let peer = ipv4(ip, port);
    // SAFETY: no pointers.
    let fd = fd::lift_inherited(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) });
    or_exit("connect failed", fd);
    // SAFETY: an address with its own size.
    let done = unsafe { libc::connect(fd, (&raw const peer).cast(), ADDRESS_LEN) };
    if done < 0 && errno::get() == libc::EINTR {
        finish_connect(fd);
    } else {
        or_exit("connect failed", done);
    }
    fd
}

/// A connect that a signal interrupted goes on in the kernel: waits for how it ends.
fn finish_connect(fd: c_int) {
    let mut wait = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    let mut code: c_int = 0;
    let mut length = size_of::<c_int>() as socklen_t;
    // SAFETY: one pollfd, and an int with its size.
    unsafe {
        while libc::poll(&raw mut wait, 1, -1) < 0 {
            if errno::get() != libc::EINTR {
                exit_with("connect failed", errno::get());
            }
        }
        let at = (&raw mut code).cast();
        let got = libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, at, &raw mut length);
        or_exit("connect failed", got);
    }
    if code != 0 {
        exit_with("connect failed", code);
    }
}

/// The IPv4 address of a dotted quad or a name, in host order. No text stands for this host.
///
/// # Safety
/// `address` is NULL or a NUL-terminated string.
unsafe fn resolve(address: *const c_char) -> Option<u32> {
    // SAFETY: the caller's string, read only when it isn't NULL.
    if address.is_null() || unsafe { *address } == 0 {
        return Some(libc::INADDR_ANY);
    }
    // SAFETY: the caller's string.
    let text = unsafe { CStr::from_ptr(address) };
    if let Some(quad) = text.to_str().ok().and_then(|quad| quad.parse::<Ipv4Addr>().ok()) {
        return Some(quad.to_bits());
    }
    // SAFETY: addrinfo is plain data, and all zero asks for anything.
    let mut hints: addrinfo = unsafe { zeroed() };
    hints.ai_family = libc::AF_INET;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut found: *mut addrinfo = null_mut();
    // SAFETY: the caller's string; the list is freed below, after the last use.
    let failure = unsafe { libc::getaddrinfo(address, null(), &raw const hints, &raw mut found) };
    if failure != 0 || found.is_null() {
        // SAFETY: gai_strerror returns a static text.
        let why = CText(unsafe { libc::gai_strerror(failure) });
        log_err!("cannot resolve {}: {}", CText(address), why);
        return None;
    }
    // SAFETY: the first entry is an IPv4 address, as the hints asked for.
    unsafe {
        let first = (*found).ai_addr.cast::<sockaddr_in>();
        let ip = u32::from_be((*first).sin_addr.s_addr);
        libc::freeaddrinfo(found);
        Some(ip)
    }
}

thread_local! {
    /// What `sock_ntop` returned last on this thread: the longest is "255.255.255.255:65535".
    static SOCK_NTOP: UnsafeCell<Text<24>> = const { UnsafeCell::new(Text::EMPTY) };
}

/// # Safety
/// `sin` is NULL or an IPv4 address.
pub unsafe extern "C" fn sock_ntop(sin: *const sockaddr_in, _salen: socklen_t) -> *mut c_char {
    if sin.is_null() {
        log_err!("sock_ntop: no address");
        return null_mut();
    }
    // SAFETY: the caller's address.
    let (ip, port) = unsafe { ((*sin).sin_addr.s_addr, (*sin).sin_port) };
    let [a, b, c, d] = ip.to_ne_bytes();
    SOCK_NTOP.with(|text| {
        // SAFETY: this thread's own text, and nothing else borrows it within this closure.
        let text = unsafe { &mut *text.get() };
        *text = Text::EMPTY;
        // Text never fails.
        let _ = write!(text, "{a}.{b}.{c}.{d}");
        if port != 0 {
            let _ = write!(text, ":{}", u16::from_be(port));
        }
        text.bytes.as_mut_ptr().cast()
    })
}

#[cfg(test)]
mod tests;
