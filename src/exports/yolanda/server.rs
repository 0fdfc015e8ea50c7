use crate::abi::types::event_loop;
use crate::abi::types::yolanda_loop_callback;
use crate::abi::types::yolanda_server_callback;
use crate::abi::types::yolanda_water_mark_callback;
use crate::abi::types::{
    TCPserver, connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use core::ffi::{c_char, c_int, c_void};

/// Makes a server that will listen on an address:
///
/// "127.0.0.1:8080", "[::1]:8080": one address of this host (link-local ones with their interface:
/// "[fe80::1%eth0]:8080");
/// "0.0.0.0:8080": every IPv4 address;
/// "[::]:8080": every address, IPv6 and IPv4;
/// "*:8080", ":8080": the same, or every IPv4 address where there is no IPv6;
/// "name:8080": an IPv4 address of that name, or else an IPv6 one (the system is asked and waited
/// for);
/// "unix:/path", "unix:@name": a Unix domain socket, or one of Linux's abstract namespace (unix(7)).
///
/// Port 0 is any free one, which `port` of the server then holds (0 for Unix sockets). The address is bound
/// at once, with SO_REUSEADDR; a Unix socket listens at once, the others from yolanda_server_start() on.
///
/// A socket file that nobody listens on is replaced; the server's own is removed when it stops. Both happen
/// only under a lock (flock(2)) on the file "PATH.yolanda-lock", which is made for that moment and removed
/// after it. So if two servers start at once, one of them gets EADDRINUSE, and nobody removes the file of a
/// live server, in whatever order servers start, stop and crash. A child that has the socket by fork(2)
/// removes the file only when nobody listens on it any more. If the folder can't be written to when the
/// server stops, the file stays. Servers of yolanda_server_new_fd() neither make nor remove a file;
/// abstract names have none.
///
/// `threads` more threads serve its connections; 0: the loop's own. Callbacks are as for
/// tcp_server_init() and may be NULL. `data` of new connections is set by tcp_server_set_data().
///
/// Connections have TCP_NODELAY set: see yolanda_server_set_nodelay().
///
/// Where the process is out of descriptors, clients are turned away (their connection is closed at once)
/// until there are some: the server keeps a descriptor for that while it runs. Servers of tcp_server_init()
/// have none: their clients wait in the kernel's queue.
///
/// Returns the server, to be released by yolanda_server_free() or with its loop, or NULL with errno: EINVAL
/// (NULL, no address, negative `threads`), EPERM on another thread, EADDRINUSE (also for a file that isn't
/// a socket, one that somebody listens on, and a lock that somebody holds for more than a second),
/// EADDRNOTAVAIL, EACCES, EROFS, ENOLCK (a file system without locks), ENOENT (no such host or folder),
/// EAGAIN or EHOSTUNREACH (the name can't be looked up now), EAFNOSUPPORT, ENAMETOOLONG, EMFILE, ENFILE,
/// ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop; `address` is NULL or ends with a NUL. Only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn yolanda_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    jump_to!(crate::reactor::tcp_server::yolanda_server_new)
}

/// Makes a server on a stream socket that listens already: inherited, passed by systemd (fd 3 and up),
/// received over a Unix socket. On success the descriptor is the server's, non-blocking and close-on-exec;
/// a socket file stays where it is when the server stops. Otherwise as yolanda_server_new(). A descriptor
/// on which another server accepts is refused on the same loop, and must not be given on others: use
/// dup(2).
///
/// Returns the server, or NULL with errno, and the descriptor stays the caller's: EINVAL (NULL, a
/// socket that doesn't listen, negative `threads`), EBADF, ENOTSOCK, EPROTOTYPE for a socket that
/// isn't a stream, EBUSY for one on which a server of the loop accepts, EPERM on another thread, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn yolanda_server_new_fd(
    eventLoop: *mut event_loop,
    fd: c_int,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    jump_to!(crate::reactor::tcp_server::yolanda_server_new_fd)
}

/// Starts a server, also one of tcp_server_init(): its threads first, then it listens and accepts.
/// The same as tcp_server_start(), but says what fails.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EALREADY for a server that
/// runs, ESHUTDOWN for one that was stopped, EADDRINUSE, EMFILE, ENFILE, ENOMEM, ENOSPC (epoll_ctl(2)).
/// After a failure it may be tried again; threads that can't be started are left out, and no failure.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn yolanda_server_start(server: *mut TCPserver) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_start)
}

/// Writes the server's address, with the port that it has, as "127.0.0.1:8080", "[::]:8080",
/// "unix:/path" or "unix:@name", and a NUL. 128 bytes are enough for every address.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENAMETOOLONG where it
/// doesn't fit, EBADF where the acceptor of tcp_server_init() has no descriptor.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet; `text` has `size` bytes. Only on the loop's
/// thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_address(
    server: *mut TCPserver,
    text: *mut c_char,
    size: usize,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_address)
}

/// With 1, each of the server's threads gets a listening socket of its own on the address
/// (SO_REUSEPORT, socket(7)): the kernel spreads clients over the threads, each of which accepts its
/// own and keeps them. The completed callback then runs on those threads, and the server's public
/// fields may be changed before the start only. Other processes of the same user may share the port.
///
/// Without it, the loop's thread accepts and hands connections to the threads in turn, which spreads
/// few long connections more evenly.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start,
/// ENOTSUP for Unix sockets, for descriptors that were passed in and for tcp_server_init().
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_reuseport(server: *mut TCPserver, on: c_int) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_reuseport)
}

/// Sets how many connections may be open at a time; 0, the default: any number. At the limit the
/// server accepts nothing: clients wait in the kernel's queue until a connection closes. May be
/// changed at any time; a lower limit closes nothing.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_max_connections(
    server: *mut TCPserver,
    n: c_int,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_max_connections)
}

/// Sets TCP_NODELAY of new connections (tcp(7)): 1, the default of yolanda_server_new(), sends small
/// answers at once; 0 leaves the kernel to collect them until the peer has acknowledged what it got.
/// Servers of tcp_server_init() begin with what their acceptor's socket has, 0 as a rule. The listening
/// socket has the option and connections inherit it, so it costs no system call. May be changed at any
/// time. Unix sockets have no such option.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_nodelay(server: *mut TCPserver, on: c_int) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_nodelay)
}

/// Sets keep-alive probes of new connections (tcp(7)): after `idle_s` seconds of silence one every
/// `interval_s` seconds, and the connection ends when `count` of them stay unanswered; 0 leaves the
/// system's value. `idle_s` 0 turns them off, the default. Inherited as TCP_NODELAY is. May be changed at any
/// time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative, more than 32767 seconds or 127 probes), EPERM
/// on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_keepalive(
    server: *mut TCPserver,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_keepalive)
}

/// Sets the time limits of new connections, as yolanda_connection_set_timeouts() does for one. May be
/// changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_timeouts(
    server: *mut TCPserver,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_timeouts)
}

/// Sets the memory limits of new connections, as yolanda_connection_set_limits() does for one. May be
/// changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_limits(
    server: *mut TCPserver,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_limits)
}

/// Sets the water marks of new connections, as yolanda_connection_set_water_marks() does for one.
/// May be changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_water_marks(
    server: *mut TCPserver,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_water_marks)
}

/// Sets what is called on each of the server's threads: `on_start(eventLoop, data)` before the
/// thread's loop runs, `on_stop(eventLoop, data)` as the last thing on it. The start returns when all
/// `on_start` have returned. Without threads both are called for the server's own loop, when the
/// server starts and when it is freed. They must not free the server.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet; `data` stays yours, and is valid until the
/// server is freed. Only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_set_thread_hooks(
    server: *mut TCPserver,
    on_start: yolanda_loop_callback,
    on_stop: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_set_thread_hooks)
}

/// How many connections of the server are open, those included whose closed callback is still to
/// come, and clients that wait to be served by a server that is stopping. -1 with EINVAL for NULL.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet. Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_server_connections(server: *mut TCPserver) -> i64 {
    jump_to!(crate::reactor::tcp_server::yolanda_server_connections)
}

/// Ends a server in good order. Its listening sockets are closed before this returns, the one of an
/// acceptor of the program's own included, whose `listen_fd` becomes -1; clients that come later are
/// refused.
///
/// Clients that have connected before and wait to be accepted are served as the others are: their completed
/// callback comes from a later pass of the loop that accepts. Those beyond
/// yolanda_server_set_max_connections() are closed in order, without a callback; when the process is out of
/// descriptors, so are the others, without reading what they have sent. With a `deadline_ms` of 0 there is
/// no time for them: the kernel resets them, as it does when a server is freed.
///
/// A connection on which nothing waits is closed at once. If its client hasn't acknowledged all that it was
/// sent, that begins with a half-close, which takes nothing back, and waits up to 5 seconds for the
/// client's end. What is queued is sent before. Bytes that have arrived and weren't consumed, and HTTP
/// requests that aren't answered yet, keep a connection open until they are. HTTP answers say `Connection:
/// close`.
///
/// Connections that are left after `deadline_ms` get a last turn, for what has arrived by then, and are
/// closed, with ESHUTDOWN as their error; 0: at once, without that turn, -1: no deadline. Then
/// `done(server, data)` is called once, in a pass of the server's loop. The server's threads and the
/// connections of other servers go on.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, less than -1), EPERM on another thread, EALREADY for a
/// server that is stopping, ESHUTDOWN for one that has stopped, ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet; `done` may be NULL; `data` stays yours. Only on
/// the loop's thread, inside callbacks too.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn yolanda_server_stop(
    server: *mut TCPserver,
    deadline_ms: i64,
    done: yolanda_server_callback,
    data: *mut c_void,
) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_stop)
}

/// Frees a server, also one of tcp_server_init() or a http_server's `tcpServer`: it stops at once,
/// its threads are ended and joined, its connections closed with ESHUTDOWN as their error. Those on
/// its threads get their closed callback on them before this returns; those on the server's own loop
/// before this returns, too, or, inside a callback of that loop, in its pass. A stop that isn't over is
/// given up: its callback isn't called.
///
/// An acceptor of the program's stays the program's, with its descriptor closed if the server was
/// started; a struct http_server goes with its `tcpServer`.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, one of the server's own
/// included, EDEADLK where pthread_join(3) finds that one of those waits for the caller: the server
/// stays then, without its threads. Not every version of the C library looks; none of the threads may
/// join the caller's.
///
/// # Safety
/// `server` is NULL or a server that isn't freed yet, and isn't used any more. Only on its loop's
/// thread, inside callbacks too, without locks that callbacks on its threads want to take.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn yolanda_server_free(server: *mut TCPserver) -> c_int {
    jump_to!(crate::reactor::tcp_server::yolanda_server_free)
}
