//! Plain sockets for programs that block, and the acceptor's listening socket. A failure ends the
//! process with status 1, because the programs don't check.

#![forbid(unsafe_code)]

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int};
use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use libc::sockaddr_in;

use crate::log::{Bytes, stream};
use crate::sys::address::Address;
use crate::sys::stdio::{self, Stream};
use crate::sys::{errno, fd, process, resolve, socket};

const BACKLOG: c_int = 1024;

/// Text for C, truncated to its buffer, always with a NUL at the end.
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    const EMPTY: Text<N> = Text { bytes: [0; N], len: 0 };

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
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

/// Prints what failed and why to stderr, like `error(1, errno, ...)`, and exits with status 1.
fn exit_with(what: &str, code: c_int) -> ! {
    let mut line = Text::<256>::EMPTY;
    // Writing to `Text` never fails.
    let _ = writeln!(line, "{what} : {} ({code})", errno::Text(code));
    stdio::flush_all();
    stream::write(Stream::Err, &[line.as_bytes()]);
    process::exit(1)
}

fn or_exit(what: &str, result: c_int) -> c_int {
    if result < 0 {
        exit_with(what, errno::get());
    }
    result
}

/// A listening IPv4 socket on any address, and its port (the system chooses one for port 0). Ends the
/// process with `bind failed` or `listen failed`.
pub fn listen_or_exit(port: c_int, nonblocking: bool) -> (c_int, c_int) {
    let Ok(port) = u16::try_from(port) else {
        exit_with("bind failed", libc::EINVAL);
    };
    let fd = match nonblocking {
        true => socket::stream(libc::AF_INET),
        false => socket::stream_blocking(libc::AF_INET),
    };
    or_exit("bind failed", fd);
    or_exit("bind failed", socket::set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1));
    or_exit("bind failed", socket::bind(fd, &Address::ipv4(Ipv4Addr::UNSPECIFIED, port)));
    or_exit("listen failed", socket::listen(fd, BACKLOG));
    match Address::of_local(fd) {
        Ok(bound) => (fd, c_int::from(bound.port().unwrap_or(port))),
        Err(code) => exit_with("bind failed", code),
    }
}

/// A listening socket for programs that block. It also makes the process ignore SIGPIPE.
pub fn listen(port: c_int, nonblocking: bool) -> c_int {
    let (fd, _) = listen_or_exit(port, nonblocking);
    process::ignore_sigpipe();
    fd
}

/// Listens and waits for one client. The listening socket remains open, as in the original.
pub fn accept_one(port: c_int) -> c_int {
    let listening = listen(port, false);
    loop {
        let fd = fd::accept_plain(listening);
        match errno::get() {
            _ if fd >= 0 => return fd,
            libc::EINTR | libc::ECONNABORTED => (),
            code => exit_with("accept failed", code),
        }
    }
}

/// A blocking socket that is connected to an address or a host. Ends the process with
/// `connect failed`.
pub fn connect(address: &CStr, port: c_int) -> c_int {
    let Ok(port) = u16::try_from(port) else {
        exit_with("connect failed", libc::EINVAL);
    };
    let Some(ip) = find(address) else {
        exit_with("connect failed", libc::EHOSTUNREACH);
    };
    let fd = or_exit("connect failed", socket::stream_plain(libc::AF_INET));
    let done = socket::connect(fd, &Address::ipv4(ip, port));
    if done < 0 && errno::get() == libc::EINTR {
        finish_connect(fd);
    } else {
        or_exit("connect failed", done);
    }
    fd
}

/// Waits for the result of a connect(2) that was interrupted by a signal, which the kernel continues.
fn finish_connect(fd: c_int) {
    or_exit("connect failed", fd::wait_until_writable(fd));
    let code = socket::take_error(fd);
    if code != 0 {
        exit_with("connect failed", code);
    }
}

/// The IPv4 address for dotted decimal text or a host name. An empty text means this host.
fn find(address: &CStr) -> Option<Ipv4Addr> {
    if address.is_empty() {
        return Some(Ipv4Addr::UNSPECIFIED);
    }
    if let Some(quad) = address.to_str().ok().and_then(|quad| quad.parse().ok()) {
        return Some(quad);
    }
    resolve::ipv4(address)
        .inspect_err(|why| {
            log_err!("cannot resolve {}: {}", Bytes(address.to_bytes()), Bytes(why.to_bytes()));
        })
        .ok()
}

/// The size of a buffer for the longest address, "255.255.255.255:65535", and its NUL.
const SHOWN_MAX: usize = 24;

thread_local! {
    /// The result of the last `show` on this thread.
    static SHOWN: Cell<[u8; SHOWN_MAX]> = const { Cell::new([0; SHOWN_MAX]) };
}

/// Formats an address. The thread's next call overwrites the result.
pub fn show(address: &sockaddr_in) -> *mut c_char {
    let mut text = Text::<SHOWN_MAX>::EMPTY;
    let ip = Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes());
    // Writing to `Text` never fails.
    let _ = match u16::from_be(address.sin_port) {
        0 => write!(text, "{ip}"),
        port => write!(text, "{ip}:{port}"),
    };
    SHOWN.with(|shown| {
        shown.set(text.bytes);
        shown.as_ptr().cast()
    })
}

#[cfg(test)]
mod tests;
