//! Servers: the object of a public `struct TCPserver`.
//!
//! `make` opens listening sockets, `start` adds them to their loops, `accept` makes connections for clients,
//! `balance` chooses their loops, `loop_listeners` finds the sockets of a loop, `limit` counts connections, `set` has a
//! program's settings, `reserve` is a spare descriptor. `stop` and `free` end a server: `phase` has its phases,
//! `backlog` the clients that haven't been accepted at that time, and `drain` ends its connections. `maker` has the
//! functions that connections call, `server_events` lets a thread make another check its servers. `shared` is the
//! part that other threads may use, and `kept` counts the references to the memory.
//!
//! Imports: abi, event_loop, kept, list, log, sync, sys, tcp_connection, threads.

mod accept;
mod backlog;
pub mod balance;
mod drain;
mod free;
mod kept;
mod limit;
mod listener;
mod loop_listeners;
mod make;
mod maker;
mod phase;
mod reserve;
mod server_events;
mod set;
mod shared;
mod start;
mod stop;

pub use maker::server_of;

use crate::abi::types::{TCPserver, acceptor, thread_pool};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Counting, Link, places};
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_connection::maker::Header;
use crate::reactor::tcp_connection::protocol::Protocol;
use crate::reactor::tcp_connection::settings::Keepalive;
use crate::reactor::tcp_server::balance::{Balance, Choice};
use crate::reactor::tcp_server::make::Origin;
use crate::reactor::tcp_server::phase::Phase;
use crate::reactor::tcp_server::shared::Shared;
use crate::reactor::tcp_server::stop::Stop;
use crate::reactor::threads::hooks::Hooks;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::address::Address;
use crate::sys::{errno, unix};
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Frees an object that is based on a server.
pub type Dispose = unsafe fn(block: *mut c_void);

/// The public struct comes first, so that the pointers are the same. Other threads than the loop's use `shared`,
/// the header, and for new connections the callbacks and the data of the public struct.
#[repr(C)]
pub struct Server {
    public: TCPserver,
    /// For its connections.
    header: Header,
    shared: Shared,
    /// The origin of its socket.
    origin: Origin,
    /// The socket file that the library has created.
    file: Cell<Option<unix::File>>,
    /// In the list of its loop's servers.
    link: Link,
    /// The acceptor, if it is freed with the server; a program may change the public field.
    owned_acceptor: Cell<*mut acceptor>,
    /// An object that is based on the server and freed with it.
    block: Cell<Option<(*mut c_void, Dispose)>>,
    /// The threads that the library has made; NULL after they have ended.
    pool: Cell<*mut thread_pool>,
    stop: Cell<Stop>,
    /// Which loop gets a new connection.
    balance: Cell<Balance>,
    choice: Cell<Choice>,
    /// Each thread gets its own listening socket.
    reuseport: Cell<bool>,
    /// The listening socket's option, which connections inherit; None if it isn't changed.
    nodelay: Cell<Option<bool>>,
    keepalive: Cell<Option<Keepalive>>,
    hooks: Cell<Hooks>,
}

impl Server {
    /// The server behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is valid for all of `'a`.
    pub unsafe fn from_public<'a>(server: *mut TCPserver) -> &'a Server {
        // SAFETY: the public struct is the first field of every server of the library.
        unsafe { &*server.cast::<Server>() }
    }

    /// The pointer for C.
    pub fn as_c(&self) -> *mut TCPserver {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The loop that accepts, according to the public field.
    fn event_loop(&self) -> &RemoteLoop {
        // SAFETY: a server is freed before its loop, and so must be that of a program that changes the field.
        unsafe { RemoteLoop::from_c(self.public.eventLoop.get()) }
    }

    /// The loop on which the server was made, on its thread.
    pub fn home(&self) -> &Loop {
        self.shared.listeners.own.event_loop()
    }

    pub fn is_own_thread(&self) -> bool {
        self.event_loop().on_owner()
    }

    /// The acceptor, which the program may have removed.
    fn acceptor(&self) -> Option<&acceptor> {
        // SAFETY: a program's acceptor is valid as long as the server, and the server's own is freed with it.
        unsafe { self.public.acceptor.get().as_ref() }
    }

    /// The threads for connections, according to the public field.
    fn threads(&self) -> Option<&Pool> {
        // SAFETY: NULL, the server's own pool, or one that a program has set, which it keeps as long as the
        // server.
        unsafe { Pool::from_nullable(self.public.threadPool.get()) }
    }

    /// The callbacks of new connections, according to the public fields.
    fn callbacks(&self) -> Callbacks {
        let public = &self.public;
        Callbacks {
            completed: public.connectionCompletedCallBack.get(),
            message: public.messageCallBack.get(),
            write_completed: public.writeCompletedCallBack.get(),
            closed: public.connectionClosedCallBack.get(),
        }
    }

    fn phase(&self) -> Phase {
        self.shared.life.phase()
    }

    /// Whether the server has ever been started.
    pub fn has_started(&self) -> bool {
        self.phase() != Phase::New
    }

    /// Whether the server accepts no clients any more, not even those that have connected before.
    pub fn has_ended(&self) -> bool {
        !matches!(self.phase(), Phase::Running | Phase::Stopping)
    }

    /// Whether the owner has freed the server, so that only its connections keep it.
    pub fn is_freed(&self) -> bool {
        self.phase() == Phase::Freed
    }

    /// Sets the protocol of the server's connections. Before it starts.
    pub fn speaks(&self, protocol: &'static Protocol) {
        self.header.speaks(protocol);
    }

    /// Whether the server's connections speak a protocol of the library.
    pub fn has_protocol(&self) -> bool {
        self.header.protocol().is_some()
    }

    /// The port that the server listens on, as the program has it.
    pub fn port(&self) -> c_int {
        self.public.port.get()
    }

    /// The data of new connections.
    pub fn data(&self) -> *mut c_void {
        self.public.data.get()
    }

    /// Frees the acceptor with which the server was made together with the server.
    ///
    /// # Safety
    /// The acceptor comes from malloc, and nothing else frees it.
    pub unsafe fn own_acceptor(&self) {
        self.owned_acceptor.set(self.public.acceptor.get());
    }

    /// Disposes of a block when the server's memory is freed, on the thread that releases the last reference.
    ///
    /// # Safety
    /// `dispose` may be called with the block, which nothing uses after the server's last connection has been
    /// freed.
    pub unsafe fn disposes(&self, block: *mut c_void, dispose: Dispose) {
        self.block.set(Some((block, dispose)));
    }

    /// The address to which the server is bound.
    pub fn address(&self) -> Result<Address, c_int> {
        match (self.origin.address(), self.acceptor()) {
            (Some(address), _) => Ok(*address),
            (None, Some(acceptor)) => Address::of_local(acceptor.listen_fd.get()),
            (None, None) => Err(libc::EINVAL),
        }
    }

    /// Adds the server to its loop's list.
    fn enlist(&self) {
        if let Some(kept) = self.keep() {
            servers(self.home()).push_front(kept);
        }
    }

    fn unlist(&self) {
        drop(servers(self.home()).remove(self));
    }
}

places! {
    /// The servers of a loop.
    enum OfLoop: KeptList<Server> by link, kept by Counting, in servers;
}

/// Makes a server. None with ENOMEM.
///
/// # Safety
/// The acceptor is valid as long as the server.
unsafe fn create(
    l: &Loop,
    acceptor: *mut acceptor,
    callbacks: &Callbacks,
    threads: c_int,
    origin: Origin,
) -> Option<NonNull<Server>> {
    // SAFETY: the block is checked for NULL and initialised at once; by contract the acceptor is valid.
    unsafe {
        let pool: *mut thread_pool = Pool::allocate(l.as_c(), threads);
        let server = libc::malloc(size_of::<Server>()).cast::<Server>();
        let (false, false, Some(l)) = (pool.is_null(), server.is_null(), l.keep()) else {
            libc::free(pool.cast());
            libc::free(server.cast());
            errno::set(libc::ENOMEM);
            return None;
        };
        let by_acceptor = matches!(origin, Origin::Acceptor);
        server.write(Server {
            public: TCPserver {
                port: Cell::new((*acceptor).listen_port.get()),
                eventLoop: Cell::new(l.as_c()),
                acceptor: Cell::new(acceptor),
                connectionCompletedCallBack: Cell::new(callbacks.completed),
                messageCallBack: Cell::new(callbacks.message),
                writeCompletedCallBack: Cell::new(callbacks.write_completed),
                connectionClosedCallBack: Cell::new(callbacks.closed),
                threadNum: Cell::new(threads),
                threadPool: Cell::new(pool),
                data: Cell::new(ptr::null_mut()),
            },
            header: Header::new(&maker::SERVER),
            shared: Shared::new(!by_acceptor),
            origin,
            file: Cell::new(None),
            link: Link::new(),
            owned_acceptor: Cell::new(ptr::null_mut()),
            block: Cell::new(None),
            pool: Cell::new(pool),
            stop: Cell::new(Stop::NONE),
            balance: Cell::new(Balance::InTurn),
            choice: Cell::new(Choice::NONE),
            reuseport: Cell::new(false),
            nodelay: Cell::new((!by_acceptor).then_some(true)),
            keepalive: Cell::new(None),
            hooks: Cell::new(Hooks::NONE),
        });
        Pool::from_c(pool).set_serves();
        listener::init(&raw mut (*server).shared.listeners.own, server, l);
        Some(NonNull::new_unchecked(server))
    }
}

/// Frees the memory, on the thread that releases the last reference.
///
/// # Safety
/// There are no references to the server, and all its sockets are closed.
unsafe fn dispose(server: NonNull<Server>) {
    // SAFETY: nothing else refers to the server, which owns the acceptor and the block. The listeners keep the loop's
    // memory until they are disposed of.
    unsafe {
        let own = server.as_ref();
        if let Some((block, dispose)) = own.block.get() {
            // This may call the program.
            own.shared.listeners.own.remote_loop().guarded_if_mine(|| dispose(block));
        }
        own.shared.listeners.dispose();
        libc::free(own.owned_acceptor.get().cast());
        let handlers = (&raw mut (*server.as_ptr()).header.handlers).read().into_inner();
        libc::free(server.as_ptr().cast());
        drop(handlers);
    }
}
