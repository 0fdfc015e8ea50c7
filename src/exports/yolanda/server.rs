//! The functions of yolanda.h for servers.

use crate::abi::types::event_loop;
use crate::abi::types::yolanda_loop_callback;
use crate::abi::types::yolanda_water_mark_callback;
use crate::abi::types::{
    TCPserver, connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::abi::types::{yolanda_choose_callback, yolanda_server_callback};
use crate::exports::tcp_server::made;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_connection::settings::{self, Settings};
use crate::reactor::tcp_server::Server;
use crate::reactor::tcp_server::balance::{Balance, Choice};
use crate::reactor::threads::hooks::Hooks;
use crate::sys::address::Address;
use crate::sys::errno;
use crate::sys::explained::explain;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{self, NonNull};
use core::slice;

/// Returns 0, or -1 with errno.
fn told(result: Result<(), c_int>) -> c_int {
    result.map_or_else(errno::fail, |()| 0)
}

/// Makes a server that will listen on an address:
///
/// - `127.0.0.1:8080`, `[::1]:8080`: one address of this host (link-local ones with their interface:
///   `[fe80::1%eth0]:8080`)
/// - `0.0.0.0:8080`: every IPv4 address
/// - `[::]:8080`: every address, IPv6 and IPv4
/// - `*:8080`, `:8080`: the same, or every IPv4 address if there is no IPv6
/// - `name:8080`: an IPv4 address of that name, or else an IPv6 one; the call blocks until the name
///   has been looked up
/// - `unix:/path`, `unix:@name`: a Unix domain socket, or one in Linux's abstract namespace (unix(7))
///
/// With port 0 the system chooses a free port, which is stored in the server's field `port` (0 for
/// Unix sockets). The address is bound at once, with SO_REUSEADDR. A Unix socket also listens at
/// once, the others after yolanda_server_start().
///
/// A socket file on which nobody listens is replaced; the server's own file is removed when it stops.
/// Both happen only under a lock (flock(2)) on the file "PATH.yolanda-lock", which exists only for
/// that moment. So if two servers start at once, one of them gets EADDRINUSE, and nobody removes the
/// file of a live server, in whatever order servers start, stop and crash. A child that has inherited
/// the socket through fork(2) removes the file only if nobody listens on it any more. If the folder
/// isn't writable when the server stops, the file stays. Servers of yolanda_server_new_fd() neither
/// create nor remove a file; abstract names have none.
///
/// `threads` additional threads serve the connections; 0: the loop's own thread. The callbacks are
/// those of tcp_server_init() and may be NULL. tcp_server_set_data() sets the `data` of new
/// connections.
///
/// Connections have TCP_NODELAY set: see yolanda_server_set_nodelay().
///
/// When the process runs out of descriptors, the server refuses clients, by closing their connections
/// at once, until descriptors are available again; it keeps one descriptor in reserve for that while
/// it runs. Servers of tcp_server_init() have no reserve: their clients wait in the kernel's queue.
///
/// Returns the server, or NULL with errno: EINVAL (NULL, no address, negative `threads`), EPERM on
/// another thread, EADDRINUSE (also for a file that isn't a socket, one that somebody listens on, and a
/// lock that is held for more than a second), EADDRNOTAVAIL, EACCES, EROFS, ENOLCK (a file system
/// without locks), ENOENT (no such host or folder), EAGAIN or EHOSTUNREACH (the name can't be looked up
/// at the moment), EAFNOSUPPORT, ENAMETOOLONG, EMFILE, ENFILE, ENOMEM. The server is freed by
/// yolanda_server_free() or with its loop.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
/// Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let l = own_loop!(eventLoop, "yolanda_server_new", ptr::null_mut());
    if address.is_null() {
        return made(Err(explain!(libc::EINVAL, "yolanda_server_new: no address")));
    }
    if threads < 0 {
        return made(Err(explain!(libc::EINVAL, "threads is {threads}")));
    }
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        write_completed: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: the header requires a NUL-terminated string.
    let address = unsafe { CStr::from_ptr(address) }.to_bytes();
    made(Server::on_address(l, address, &callbacks, threads))
}

/// Makes a server for a stream socket that is already listening: inherited, passed by systemd
/// (descriptor 3 and up), or received over a Unix socket. On success the server owns the descriptor
/// and makes it non-blocking and close-on-exec; a socket file stays when the server stops. Otherwise
/// the same as yolanda_server_new(). A descriptor on which another server accepts is refused on the
/// same loop, and must not be used for a server on another loop: use dup(2).
///
/// Returns the server. On failure it returns NULL with errno, and the descriptor remains yours:
/// EINVAL (NULL, a socket that doesn't listen, negative `threads`), EBADF, ENOTSOCK, EPROTOTYPE (not
/// a stream socket), EBUSY (a server of the loop accepts on it), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_new_fd(
    eventLoop: *mut event_loop,
    fd: c_int,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let l = own_loop!(eventLoop, "yolanda_server_new_fd", ptr::null_mut());
    if threads < 0 {
        return made(Err(explain!(libc::EINVAL, "threads is {threads}")));
    }
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        write_completed: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    made(Server::on_descriptor(l, fd, &callbacks, threads))
}

/// Starts a server, also one of tcp_server_init(): its threads first, then listening and accepting.
/// It does the same as tcp_server_start(), but reports failures.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EALREADY (it runs already),
/// ESHUTDOWN (it was stopped), EADDRINUSE, EMFILE, ENFILE, ENOMEM, ENOSPC (epoll_ctl(2)). After a
/// failure it may be called again. Threads that can't be started are left out; that isn't a failure.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_start(server: *mut TCPserver) -> c_int {
    told(own_server!(server, "yolanda_server_start", -1).start())
}

/// Returns the port that the server listens on; for port 0, the one that the system chose; 0 for a
/// Unix socket.
///
/// Returns -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_port(server: *mut TCPserver) -> c_int {
    own_server!(server, "yolanda_server_port", -1).port()
}

/// Returns the loop that the server was made on. It is valid until it is freed.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_loop(server: *mut TCPserver) -> *mut event_loop {
    server!(server, "yolanda_server_loop", ptr::null_mut()).home().as_c()
}

/// Returns the pointer of tcp_server_set_data(), which new connections get as their `data`, and which
/// stays yours; NULL if none was set.
///
/// Returns NULL with errno: EINVAL for NULL, ENOTSUP for the TCP server of an HTTP server, whose `data`
/// belongs to that; EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_data(server: *mut TCPserver) -> *mut c_void {
    let server = own_server!(server, "yolanda_server_data", ptr::null_mut());
    if server.has_protocol() {
        errno::set(libc::ENOTSUP);
        return ptr::null_mut();
    }
    server.data()
}

/// Writes the server's address, with its actual port, as NUL-terminated text: `127.0.0.1:8080`,
/// `[::]:8080`, `unix:/path` or `unix:@name`. 128 bytes are enough for any address.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, ENAMETOOLONG (it doesn't
/// fit), EBADF (the acceptor of tcp_server_init() has no descriptor).
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `text` is NULL or has room for `size` bytes.
/// Call it only on the server's loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_address(
    server: *mut TCPserver,
    text: *mut c_char,
    size: usize,
) -> c_int {
    let server = own_server!(server, "yolanda_server_address", -1);
    if text.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the header requires a buffer of `size` bytes.
    let text = unsafe { slice::from_raw_parts_mut(text.cast(), size) };
    let fits = |address: Address| address.format(text).map(|_| ()).ok_or(libc::ENAMETOOLONG);
    told(server.address().and_then(fits))
}

/// With 1, each of the server's threads gets its own listening socket on the address (SO_REUSEPORT,
/// socket(7)): the kernel distributes clients among the threads, and each thread accepts and serves its
/// own. The completed callback then runs on those threads, and the server's public fields must not be
/// changed after the start. Other processes of the same user may share the port.
///
/// With 0, the default, the loop's thread accepts clients and distributes them among the threads in
/// turn, which spreads a few long connections more evenly.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start,
/// ENOTSUP for Unix sockets and for servers of yolanda_server_new_fd() and tcp_server_init().
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_reuseport(server: *mut TCPserver, on: c_int) -> c_int {
    told(own_server!(server, "yolanda_server_set_reuseport", -1).set_reuseport(on != 0))
}

/// Sets which thread gets a new connection: YOLANDA_BALANCE_IN_TURN, the default, or
/// YOLANDA_BALANCE_FEWEST, the one whose loop has the fewest connections, including those of other
/// servers and those that are still on their way to it. The latter suits connections of very different
/// lengths. It may be changed at any time. With yolanda_server_set_reuseport() the kernel chooses.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_balance(
    server: *mut TCPserver,
    policy: c_int,
) -> c_int {
    let server = own_server!(server, "yolanda_server_set_balance", -1);
    told(
        Balance::of(policy)
            .ok_or_else(|| explain!(libc::EINVAL, "no policy has the number {policy}"))
            .map(|balance| server.set_balance(balance)),
    )
}

/// Sets a function that chooses the loop for each new connection: `choose(server, fd, data)` is called
/// on the server's loop's thread for each client that was accepted. Where it returns NULL, or a loop
/// that isn't the server's (this is reported in the log), the policy of yolanda_server_set_balance()
/// applies. It may stop or free the server: the client is then closed. NULL, the default, calls nothing.
/// It may be changed at any time. With yolanda_server_set_reuseport() the kernel chooses.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `data` stays yours and must be valid as long as
/// the function is set. Call it only on the server's loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_choose_callback(
    server: *mut TCPserver,
    choose: yolanda_choose_callback,
    data: *mut c_void,
) -> c_int {
    own_server!(server, "yolanda_server_set_choose_callback", -1)
        .set_choice(Choice { callback: choose, data });
    0
}

/// Returns the loop of one of the server's threads, which are counted from 0. For a server without
/// threads, 0 stands for the server's own loop. The loop belongs to the server.
///
/// Returns NULL with errno: EINVAL (NULL, no such thread; before the start there is none), EPERM on
/// another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_thread_loop(
    server: *mut TCPserver,
    index: c_int,
) -> *mut event_loop {
    let server = own_server!(server, "yolanda_server_thread_loop", ptr::null_mut());
    let l = usize::try_from(index).ok().and_then(|at| server.thread_loop(at));
    match l {
        Some(l) => l.as_c(),
        None => {
            errno::set(explain!(libc::EINVAL, "the server has no thread {index}"));
            ptr::null_mut()
        }
    }
}

/// Sets how many connections may be open at the same time; 0, the default, sets no limit. At the limit
/// the server stops accepting, and clients wait in the kernel's queue until a connection closes. The
/// limit may be changed at any time; lowering it closes no connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_max_connections(
    server: *mut TCPserver,
    n: c_int,
) -> c_int {
    told(own_server!(server, "yolanda_server_set_max_connections", -1).set_max_connections(n))
}

/// Sets TCP_NODELAY (tcp(7)) for new connections: 1, the default of yolanda_server_new(), sends small
/// writes at once; with 0 the kernel collects them until the peer has acknowledged earlier ones. The
/// default of tcp_server_init() is the setting of its acceptor's socket, usually 0. The listening
/// socket has the option and connections inherit it, so it costs no system call. It may be changed at
/// any time. Unix sockets don't have this option.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_nodelay(server: *mut TCPserver, on: c_int) -> c_int {
    own_server!(server, "yolanda_server_set_nodelay", -1).set_nodelay(on != 0);
    0
}

/// Sets keep-alive probes (tcp(7)) for new connections: after `idle_s` seconds of silence the kernel
/// sends a probe every `interval_s` seconds, and the connection ends when `count` of them have gone
/// unanswered. 0 for the last two leaves the system's values; `idle_s` 0, the default, turns probes
/// off. Connections inherit the options, like TCP_NODELAY. They may be changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative, more than 32767 seconds or 127 probes), EPERM
/// on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_keepalive(
    server: *mut TCPserver,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    let server = own_server!(server, "yolanda_server_set_keepalive", -1);
    let mut checked = Settings::DEFAULT;
    if settings::set_keepalive(&mut checked, idle_s, interval_s, count) < 0 {
        return -1;
    }
    server.set_keepalive(checked.keepalive);
    0
}

/// Sets the time limits of new connections, like yolanda_connection_set_timeouts() for one connection.
/// They may be changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, negative), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_timeouts(
    server: *mut TCPserver,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    own_server!(server, "yolanda_server_set_timeouts", -1)
        .change_settings(|to| settings::set_timeouts(to, idle_ms, read_ms, write_ms))
}

/// Sets which bytes count for `idle_ms` of yolanda_server_set_timeouts(), like
/// yolanda_connection_set_idle_direction() for one connection. It may be changed at any time, for new
/// connections.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such direction), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_idle_direction(
    server: *mut TCPserver,
    direction: c_int,
) -> c_int {
    own_server!(server, "yolanda_server_set_idle_direction", -1)
        .change_settings(|to| settings::set_idle_direction(to, direction))
}

/// Sets the memory limits of new connections, like yolanda_connection_set_limits() for one connection.
/// They may be changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such policy), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_limits(
    server: *mut TCPserver,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    own_server!(server, "yolanda_server_set_limits", -1)
        .change_settings(|to| settings::set_limits(to, max_queued, max_unread, policy))
}

/// Sets the water marks of new connections, like yolanda_connection_set_water_marks() for one
/// connection. They may be changed at any time.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_water_marks(
    server: *mut TCPserver,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    own_server!(server, "yolanda_server_set_water_marks", -1)
        .change_settings(|to| settings::set_water_marks(to, low, high, on_low, on_high))
}

/// Sets functions that are called on each of the server's threads: `on_start(eventLoop, data)` before
/// the thread's loop runs, and `on_stop(eventLoop, data)` as the last thing on the thread. The start
/// of the server waits until every `on_start` has returned. For a server without threads, both are
/// called for the server's own loop, when the server starts and when it is freed. They must not free
/// the server.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread, EBUSY after the start.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `data` remains yours and must be valid until
/// the server is freed. Call it only on the thread of the server's loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_set_thread_hooks(
    server: *mut TCPserver,
    on_start: yolanda_loop_callback,
    on_stop: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    let hooks = Hooks { on_start, on_stop, data };
    told(own_server!(server, "yolanda_server_set_thread_hooks", -1).set_thread_hooks(hooks))
}

/// Returns the number of the server's open connections. It includes those whose closed callback hasn't
/// been called yet, and clients that still wait to be served by a server that is stopping. -1 with
/// errno EINVAL for NULL.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_server_connections(server: *mut TCPserver) -> i64 {
    server!(server, "yolanda_server_connections", -1).connections()
}

/// Stops a server gracefully. Its listening sockets are closed before the function returns, including
/// that of an acceptor of the program, whose `listen_fd` becomes -1. New clients are refused.
///
/// Clients that have already connected and are waiting to be accepted are served like the others:
/// their completed callback is called in a later pass of the loop that accepts. Those beyond
/// yolanda_server_set_max_connections() are closed normally, without a callback; if the process is
/// out of descriptors, so are the rest, and nothing they have sent is read. With a `deadline_ms` of 0
/// there is no time for them: the kernel resets them, as it does when a server is freed.
///
/// A connection with nothing left to do is closed at once. If its client hasn't acknowledged
/// everything that was sent, closing begins with a half-close, so that nothing is lost, and waits up
/// to 5 seconds for the client to end its side. Queued bytes are sent first. A connection with unread
/// bytes or unanswered HTTP requests stays open until they have been processed. HTTP responses
/// contain `Connection: close`.
///
/// Connections that are left after `deadline_ms` may process, once more, what has arrived by then,
/// and are then closed, with ESHUTDOWN as their error; with 0 they are closed at once, without that.
/// -1 sets no deadline. Then `done(server, data)` is called once, in a pass of the server's loop. The
/// server's threads and the connections of other servers continue.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, less than -1), EPERM on another thread, EALREADY (it is
/// already stopping), ESHUTDOWN (it has stopped), ENOMEM.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. `done` may be NULL; `data` remains yours.
/// Call it only on the thread of the server's loop; also allowed inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_stop(
    server: *mut TCPserver,
    deadline_ms: i64,
    done: yolanda_server_callback,
    data: *mut c_void,
) -> c_int {
    let server = own_server!(server, "yolanda_server_stop", -1);
    if deadline_ms < -1 {
        return errno::fail(explain!(libc::EINVAL, "deadline_ms is {deadline_ms}"));
    }
    told(server.stop(deadline_ms, done, data))
}

/// Frees a server, also one of tcp_server_init() or the `tcpServer` of an HTTP server. It stops at
/// once: its threads end and are joined, and its connections are closed with ESHUTDOWN as their
/// error. The closed callbacks of connections on its threads are called there before the function
/// returns. Those of connections on the server's own loop are also called before it returns, or, if
/// it is called inside a callback of that loop, in a pass of the loop. An incomplete stop is
/// abandoned: its callback isn't called.
///
/// An acceptor of the program remains the program's; its descriptor is closed if the server was
/// started. A struct http_server is freed with its `tcpServer`.
///
/// Returns 0, or -1 with errno: EINVAL for NULL; EPERM on another thread, including the server's own
/// threads; EDEADLK if pthread_join(3) detects that one of those is waiting for the caller: the
/// server then remains, without its threads. Not every version of the C library detects that; none of
/// the threads may join the caller's thread.
///
/// # Safety
/// `server` is NULL or a server that hasn't been freed. It must not be used again. Call it only on
/// the thread of its loop, without holding locks that callbacks on its threads take; also allowed
/// inside callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_server_free(server: *mut TCPserver) -> c_int {
    let server = own_server!(server, "yolanda_server_free", -1);
    // SAFETY: by contract the owner doesn't use the server after this call.
    told(unsafe { Server::free(NonNull::from(server)) })
}
