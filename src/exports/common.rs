use crate::abi::types::VaList;
use core::ffi::{c_char, c_int, c_void};
use libc::{sockaddr_in, socklen_t};

/// Prints the message, `: ` and the text of errno as one line on stderr, after flushing stdout, and
/// aborts. A NULL format counts as empty, here and below.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_dump(format: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_err_dump)
}

/// Prints the message as one line on stderr, after flushing stdout, and returns.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_msg(format: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_err_msg)
}

/// Prints as err_msg(), then exits with status 1.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_quit(format: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_err_quit)
}

/// Prints as err_dump(), then returns. errno stays what it was.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_ret(format: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_err_ret)
}

/// Prints as err_dump(), then exits with status 1.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn err_sys(format: *const c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_err_sys)
}

/// Prints the message on stderr, after flushing stdout; if `err` isn't 0, followed by
/// `: TEXT OF ERR (ERR)` and a newline. If `status` isn't 0, exits with it.
///
/// # Safety
/// The arguments fit the format, as for printf(); any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn error(status: c_int, err: c_int, fmt: *mut c_char, arguments: VaList) {
    jump_to!(crate::exports::variadic::yolanda_c_error)
}

/// Writes an IPv4 address as `a.b.c.d:port`, without the port when it is 0.
///
/// Returns the text, in a buffer of the calling thread that the next call overwrites; NULL for NULL.
///
/// # Safety
/// `sin` is NULL or an IPv4 address; `salen` is not looked at.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn sock_ntop(sin: *const sockaddr_in, salen: socklen_t) -> *mut c_char {
    jump_to!(crate::common::socket::sock_ntop)
}

/// Reads exactly `n` bytes from any descriptor, fewer only at the end of the stream. Goes on after
/// EINTR.
///
/// Returns the number of bytes, or (size_t)-1 with errno.
///
/// # Safety
/// `vptr` has room for `n` bytes.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn readn(fd: c_int, vptr: *mut c_void, n: usize) -> usize {
    jump_to!(crate::common::read::readn)
}

/// Reads one message: 4 bytes length in network order, 4 bytes type (passed over), then the body,
/// to which no NUL is added.
///
/// Returns the body's length; 0 at the end of the stream, within a message too; (size_t)-1 when the
/// body is longer than `length` or reading fails.
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn read_message(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    jump_to!(crate::common::read::read_message)
}

/// Reads a line from a socket, up to and including `\n`, at most `length` - 1 bytes, and adds a NUL.
/// What follows the newline stays in the socket.
///
/// Returns the number of bytes; 0 at the end of the stream, within a line too; (size_t)-1 with errno
/// when reading fails, or when the line doesn't fit (`length` - 1 bytes are taken then).
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn readline(fd: c_int, buffer: *mut c_char, length: usize) -> usize {
    jump_to!(crate::common::read::readline)
}

/// Listens on an IPv4 port, waits for one client and accepts it. SIGPIPE is ignored from then on;
/// the listening descriptor stays open.
///
/// Returns the connected, blocking socket. On failure prints `bind failed : TEXT (ERRNO)`,
/// `listen failed : ...` or `accept failed : ...` on stderr and exits with status 1.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn tcp_server(port: c_int) -> c_int {
    jump_to!(crate::common::socket::tcp_server)
}

/// Listens on an IPv4 port. SIGPIPE is ignored from then on.
///
/// Returns the listening, blocking socket; fails as tcp_server().
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn tcp_server_listen(port: c_int) -> c_int {
    jump_to!(crate::common::socket::tcp_server_listen)
}

/// The same as tcp_server_listen(), with a non-blocking socket.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn tcp_nonblocking_server_listen(port: c_int) -> c_int {
    jump_to!(crate::common::socket::tcp_nonblocking_server_listen)
}

/// Makes a descriptor non-blocking. A descriptor that isn't open changes nothing but errno.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn make_nonblocking(fd: c_int) {
    jump_to!(crate::common::socket::make_nonblocking)
}

/// Connects to an IPv4 address or host name, and waits until it is done.
///
/// Returns the connected, blocking socket. On failure prints `connect failed : TEXT (ERRNO)` on
/// stderr and exits with status 1.
///
/// # Safety
/// `address` ends with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn tcp_client(address: *mut c_char, port: c_int) -> c_int {
    jump_to!(crate::common::socket::tcp_client)
}
