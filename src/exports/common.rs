//! The functions of lib/common.h.

use crate::abi::types::VaList;
use crate::common::{read, socket};
use crate::exports::{check, variadic};
use crate::sys::{errno, fd};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use libc::{sockaddr_in, socklen_t};

/// Prints the message, followed by `: ` and the text of errno, as one line on stderr, after flushing
/// stdout, and aborts the process. A NULL format counts as empty, here and below.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_dump(format: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_err_dump)
}

/// Prints the message as one line on stderr, after flushing stdout, and returns. errno is left unchanged.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_msg(format: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_err_msg)
}

/// Prints the message like err_msg(), then exits with status 1.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_quit(format: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_err_quit)
}

/// Prints the message and the text of errno like err_dump(), then returns. errno is left unchanged.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_ret(format: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_err_ret)
}

/// Prints the message and the text of errno like err_dump(), then exits with status 1.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_sys(format: *const c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_err_sys)
}

/// Prints the message on stderr, after flushing stdout; if `err` isn't 0, followed by
/// `: TEXT OF ERR (ERR)` and a newline. If `status` isn't 0, exits with it.
///
/// # Safety
/// The arguments must fit the format, as for printf(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn error(status: c_int, err: c_int, fmt: *mut c_char, arguments: VaList) {
    jump_to!(variadic::yolanda_c_error)
}

/// Formats an IPv4 address as `a.b.c.d:port`, or as `a.b.c.d` if the port is 0.
///
/// Returns the text in a buffer of the calling thread, which the thread's next call overwrites; NULL
/// for NULL.
///
/// # Safety
/// `sin` is NULL or an IPv4 address; `salen` is ignored. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sock_ntop(sin: *const sockaddr_in, salen: socklen_t) -> *mut c_char {
    let _ = salen;
    socket::show(non_null_or_log!(sin, "sock_ntop: no address", ptr::null_mut()))
}

/// Reads exactly `n` bytes from any descriptor, or fewer if the stream ends first. It continues after
/// EINTR.
///
/// Returns the number of bytes, or (size_t)-1 with errno.
///
/// # Safety
/// `vptr` is NULL or has room for `n` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readn(fd: c_int, vptr: *mut c_void, n: usize) -> usize {
    if vptr.is_null() && n > 0 {
        errno::set(libc::EFAULT);
        return usize::MAX;
    }
    // SAFETY: by contract the buffer has `n` bytes.
    let room = unsafe { check::room(vptr.cast(), n) };
    read::exactly(fd, room).unwrap_or(usize::MAX)
}

/// Reads one message: its length as 4 bytes in network order, its type as 4 bytes, which are skipped,
/// and its body. No NUL is added to the body.
///
/// Returns the length of the body; 0 at the end of the stream, also within a message; (size_t)-1 with
/// errno if the body is longer than `length` (EMSGSIZE) or if reading fails.
///
/// # Safety
/// `buffer` is NULL or has room for `length` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read_message(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: by contract the buffer has `length` bytes.
    let room = unsafe { check::room(buffer, length) };
    read::message(fd, room).unwrap_or(usize::MAX)
}

/// Reads a line, up to and including the `\n`, of at most `length` - 1 bytes, and adds a NUL. The
/// bytes after the newline stay in the socket.
///
/// Returns the number of bytes; 0 at the end of the stream, also within a line; (size_t)-1 with errno if
/// reading fails or if the line doesn't fit (EMSGSIZE; `length` - 1 bytes have then been read).
///
/// # Safety
/// `buffer` is NULL or has room for `length` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readline(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: by contract the buffer has `length` bytes.
    let room = unsafe { check::room(buffer, length) };
    read::line(fd, room).unwrap_or(usize::MAX)
}

/// Listens on an IPv4 port, waits for one client and accepts it. Makes the process ignore SIGPIPE.
/// The listening descriptor stays open.
///
/// Returns the connected, blocking socket. On failure it prints `bind failed : TEXT (ERRNO)`,
/// `listen failed : ...` or `accept failed : ...` on stderr and exits with status 1.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tcp_server(port: c_int) -> c_int {
    socket::accept_one(port)
}

/// Listens on an IPv4 port. Makes the process ignore SIGPIPE.
///
/// Returns the listening, blocking socket. On failure it exits like tcp_server().
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tcp_server_listen(port: c_int) -> c_int {
    socket::listen(port, false)
}

/// Does the same as tcp_server_listen(), but the socket is non-blocking.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tcp_nonblocking_server_listen(port: c_int) -> c_int {
    socket::listen(port, true)
}

/// Makes a descriptor non-blocking. If the descriptor isn't open, the call only sets errno.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn make_nonblocking(fd: c_int) {
    fd::set_nonblocking(fd);
}

/// Connects to an IPv4 address or a host name, and waits for the connection.
///
/// Returns the connected, blocking socket. On failure it prints `connect failed : TEXT (ERRNO)` on
/// stderr and exits with status 1.
///
/// # Safety
/// `address` is a NUL-terminated string, or NULL for this host. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tcp_client(address: *mut c_char, port: c_int) -> c_int {
    // SAFETY: `address` isn't NULL, so by contract it is a NUL-terminated string.
    let address = if address.is_null() { c"" } else { unsafe { CStr::from_ptr(address) } };
    socket::connect(address, port)
}
