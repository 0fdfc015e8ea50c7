//! A server: what stands behind the public `struct TCPserver`, and the original's functions.
//!
//! `make` opens listening sockets, `start` brings them to their loops, `accept` turns clients into
//! connections, `limit` counts those, `set` holds what a program sets, `reserve` is a spare descriptor. `stop`
//! and `free` end a server, `backlog` has the clients that it hasn't accepted until then, `sweep` ends its
//! connections; `attention` is how one thread has another look at all that.

mod accept;
mod backlog;
mod drain;
mod free;
mod limit;
mod listener;
mod make;
mod maker;
mod reserve;
mod server_events;
mod set;
mod start;
mod stop;

pub use crate::reactor::tcp_server::drain::{all as sweep, is_ending};
pub use crate::reactor::tcp_server::free::{free_all_of, leave_files, yolanda_server_free};
pub use crate::reactor::tcp_server::listener::{Listener, wake_resting};
pub use crate::reactor::tcp_server::make::{
    disposes, has_started, is_freed, own_acceptor, speaks, yolanda_server_address,
    yolanda_server_new, yolanda_server_new_fd,
};
pub use crate::reactor::tcp_server::server_events::attend;
pub use crate::reactor::tcp_server::set::{
    yolanda_server_connections, yolanda_server_set_keepalive, yolanda_server_set_limits,
    yolanda_server_set_max_connections, yolanda_server_set_nodelay, yolanda_server_set_reuseport,
    yolanda_server_set_thread_hooks, yolanda_server_set_timeouts, yolanda_server_set_water_marks,
};
pub use crate::reactor::tcp_server::start::{tcp_server_start, yolanda_server_start};
pub use crate::reactor::tcp_server::stop::yolanda_server_stop;

use crate::abi::types::{
    TCPserver, acceptor, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, thread_pool, write_completed_call_back,
};
use crate::reactor::event_loop::{owner, state};
use crate::reactor::tcp_connection::owner::Header;
use crate::reactor::tcp_connection::settings::{Keepalive, Settings};
use crate::reactor::tcp_server::reserve::Reserve;
use crate::reactor::threads::event_loop_thread::Hooks;
use crate::reactor::threads::thread_pool::{set_serves, thread_pool_new};
use crate::sync::refs::RefCount;
use crate::sys::address::Address;
use crate::sys::errno;
use crate::sys::lock::Lock;
use crate::sys::unix;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU8};

/// Not started yet.
const NEW: u8 = 0;
/// Accepts. What comes after it accepts no more.
const RUNNING: u8 = 1;
/// Connections end as they become idle.
const STOPPING: u8 = 2;
/// The deadline is over: connections are closed after a last turn.
const OVERDUE: u8 = 3;
/// Connections are closed at once.
const CUT: u8 = 4;
/// The stop is over: there are no connections.
const STOPPED: u8 = 5;
/// Connections are closed; the memory waits for the last of them.
const FREED: u8 = 6;

/// Frees what stands on a server.
pub type Dispose = unsafe fn(block: *mut c_void);

/// The public struct first, so that the pointers are the same.
#[repr(C)]
pub struct Server {
    public: TCPserver,
    /// For its connections.
    header: Header,
    /// The listening socket of the server's own loop.
    listener: Listener,
    /// With a socket per thread: those of the threads, in the pools' memory.
    others: Cell<*mut Listener>,
    others_len: Cell<usize>,
    /// Among the servers of its loop.
    next: Cell<*mut Server>,
    /// The acceptor was made here; the public field is the program's to change.
    owns_acceptor: Cell<bool>,
    made_acceptor: Cell<*mut acceptor>,
    /// What stands on the server, and ends with it.
    block: Cell<Option<(*mut c_void, Dispose)>>,
    /// The threads that were made here; NULL once they have ended.
    pool: Cell<*mut thread_pool>,
    stop: stop::Stop,
    /// The socket was opened here: with its address, it may be opened again.
    owns_socket: Cell<bool>,
    reuseport: Cell<bool>,
    /// Others listen on the port, which only goes with a socket per thread.
    shares_port: Cell<bool>,
    listed: Cell<bool>,
    /// The bound address, as long as the socket is ours.
    address: Option<Address>,
    /// The file of a unix socket that was made here.
    file: Option<unix::File>,
    /// The listening socket's, from which connections inherit them; None: as it is.
    nodelay: Cell<Option<bool>>,
    keepalive: Cell<Option<Keepalive>>,
    /// What else new connections get: read by every accepting thread.
    settings: Lock<Settings>,
    hooks: Cell<Hooks>,
    state: AtomicU8,
    /// Connections that may be open at a time; 0: any number.
    max: AtomicI32,
    /// Connections that are open, places taken for those about to be accepted, and clients that a stop
    /// has taken from the kernel's queues.
    live: AtomicI64,
    /// A listener waits for a connection to close.
    full: AtomicBool,
    /// Clients are turned away with it where descriptors are out; without it they wait.
    turns_away: Cell<bool>,
    reserve: Reserve,
    /// Who needs the memory: the owner, each connection, each frame that accepts.
    refs: RefCount,
}

/// The private face of a public pointer.
fn of(server: *mut TCPserver) -> *mut Server {
    server.cast()
}

/// Logs and answers for a missing server.
fn absent(what: &str, server: *mut TCPserver) -> bool {
    if server.is_null() {
        log_err!("{}: no server", what);
        errno::set(libc::EINVAL);
    }
    server.is_null()
}

/// `absent`, and whether the caller is the loop's thread: 0, or -1 with EINVAL or EPERM.
unsafe fn usable(what: &str, server: *mut TCPserver) -> c_int {
    if absent(what, server) {
        return -1;
    }
    // SAFETY: a live server.
    if unsafe { owner::on_owner((*server).eventLoop.get()) } { 0 } else { errno::fail(libc::EPERM) }
}

/// What a program says about a server when it makes one.
#[derive(Clone, Copy)]
struct Callbacks {
    completed: connection_completed_call_back,
    message: message_call_back,
    written: write_completed_call_back,
    closed: connection_closed_call_back,
}

/// Makes a server; NULL with ENOMEM.
unsafe fn create(
    l: *mut event_loop,
    acceptor: *mut acceptor,
    callbacks: Callbacks,
    threads: c_int,
) -> *mut Server {
    // SAFETY: the block is checked, and filled at once; a live loop and acceptor.
    unsafe {
        let pool: *mut thread_pool = thread_pool_new(l, threads);
        let server = libc::malloc(size_of::<Server>()).cast::<Server>();
        if pool.is_null() || server.is_null() {
            libc::free(pool.cast());
            libc::free(server.cast());
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        server.write(Server {
            public: TCPserver {
                port: Cell::new((*acceptor).listen_port.get()),
                eventLoop: Cell::new(l),
                acceptor: Cell::new(acceptor),
                connectionCompletedCallBack: Cell::new(callbacks.completed),
                messageCallBack: Cell::new(callbacks.message),
                writeCompletedCallBack: Cell::new(callbacks.written),
                connectionClosedCallBack: Cell::new(callbacks.closed),
                threadNum: Cell::new(threads),
                threadPool: Cell::new(pool),
                data: Cell::new(ptr::null_mut()),
            },
            header: Header::new(&maker::SERVER),
            listener: Listener::none(),
            others: Cell::new(ptr::null_mut()),
            others_len: Cell::new(0),
            next: Cell::new(ptr::null_mut()),
            owns_acceptor: Cell::new(false),
            made_acceptor: Cell::new(acceptor),
            block: Cell::new(None),
            pool: Cell::new(pool),
            stop: stop::Stop::NONE,
            owns_socket: Cell::new(false),
            reuseport: Cell::new(false),
            shares_port: Cell::new(false),
            listed: Cell::new(false),
            address: None,
            file: None,
            nodelay: Cell::new(None),
            keepalive: Cell::new(None),
            settings: Lock::new(Settings::DEFAULT),
            hooks: Cell::new(Hooks::NONE),
            state: AtomicU8::new(NEW),
            max: AtomicI32::new(0),
            live: AtomicI64::new(0),
            full: AtomicBool::new(false),
            turns_away: Cell::new(false),
            reserve: Reserve::none(),
            refs: RefCount::new(),
        });
        set_serves(pool);
        listener::init(&raw mut (*server).listener, server, l);
        server
    }
}

pub unsafe extern "C-unwind" fn tcp_server_init(
    eventLoop: *mut event_loop,
    acceptor: *mut acceptor,
    connectionCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threadNum: c_int,
) -> *mut TCPserver {
    if eventLoop.is_null() || acceptor.is_null() {
        let what = if eventLoop.is_null() { "event loop" } else { "acceptor" };
        log_err!("tcp_server_init: no {}", what);
        errno::set(libc::EINVAL);
        return ptr::null_mut();
    }
    let callbacks = Callbacks {
        completed: connectionCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: a live loop and acceptor.
    unsafe {
        let server = create(eventLoop, acceptor, callbacks, threadNum);
        if !server.is_null() && owner::on_owner(eventLoop) {
            enlist(server);
        }
        server.cast()
    }
}

pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    if absent("tcp_server_set_data", tcpServer) {
        return;
    }
    if !data.is_null() {
        // SAFETY: a live server.
        unsafe { (*tcpServer).data.set(data) };
    }
}

/// Keeps the server where its loop finds it.
unsafe fn enlist(server: *mut Server) {
    // SAFETY: a live server on its loop's thread; the list is that thread's.
    unsafe {
        let own = state::of((*server).public.eventLoop.get());
        (*server).listed.set(true);
        (*server).next.set((*own).servers.get());
        (*own).servers.set(server);
    }
}
