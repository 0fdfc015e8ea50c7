//! A server: what stands behind the public `struct TCPserver`.
//!
//! `make` opens listening sockets, `start` brings them to their loops, `accept` turns clients into
//! connections, `listeners` finds the sockets of a loop, `limit` counts connections, `set` holds what a program
//! sets, `reserve` is a spare descriptor. `stop` and `free` end a server: `life` has the states that it goes through, `backlog` the clients that it hasn't
//! accepted until then, and `drain` ends its connections. `maker` is what connections call in their server,
//! `server_events` how one thread has another look at all that. `shared` is what other threads than the
//! server's own may use of it, `kept` who needs its memory.
//!
//! Imports: abi, event_loop, kept, list, log, sync, sys, tcp_connection, threads.

mod accept;
mod backlog;
mod drain;
mod free;
mod kept;
mod life;
mod limit;
mod listener;
mod listeners;
mod make;
mod maker;
mod reserve;
mod server_events;
mod set;
mod shared;
mod start;
mod stop;

use crate::abi::types::{TCPserver, acceptor, thread_pool};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Counting, Link, places};
use crate::reactor::tcp_connection::lifecycle::register::Callbacks;
use crate::reactor::tcp_connection::owner::Header;
use crate::reactor::tcp_connection::protocol::Protocol;
use crate::reactor::tcp_connection::settings::Keepalive;
use crate::reactor::tcp_server::life::Life;
use crate::reactor::tcp_server::make::Origin;
use crate::reactor::tcp_server::shared::Shared;
use crate::reactor::tcp_server::stop::Stop;
use crate::reactor::threads::hooks::Hooks;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::address::Address;
use crate::sys::{errno, unix};
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Frees what stands on a server.
pub type Dispose = unsafe fn(block: *mut c_void);

/// The public struct first, so that the pointers are the same. Other threads than the loop's use `shared`, the header,
/// and for new connections the callbacks and the data of the public struct.
#[repr(C)]
pub struct Server {
    public: TCPserver,
    /// For its connections.
    header: Header,
    shared: Shared,
    /// Where its socket comes from.
    origin: Origin,
    /// The file of a unix socket that was made here.
    file: Cell<Option<unix::File>>,
    /// Among the servers of its loop.
    link: Link,
    /// The acceptor, where it ends with the server; the public field is the program's to change.
    owned_acceptor: Cell<*mut acceptor>,
    /// What stands on the server, and ends with it.
    block: Cell<Option<(*mut c_void, Dispose)>>,
    /// The threads that were made here; NULL once they have ended.
    pool: Cell<*mut thread_pool>,
    stop: Cell<Stop>,
    /// Each thread is to have a listening socket of its own.
    reuseport: Cell<bool>,
    /// The listening socket's, from which connections inherit them; None: as it is.
    nodelay: Cell<Option<bool>>,
    keepalive: Cell<Option<Keepalive>>,
    hooks: Cell<Hooks>,
}

impl Server {
    /// The server behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`.
    pub unsafe fn from_public<'a>(server: *mut TCPserver) -> &'a Server {
        // SAFETY: the public struct is the first field of every server of the library.
        unsafe { &*server.cast::<Server>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut TCPserver {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The loop that accepts, as the program sees it.
    fn event_loop(&self) -> &RemoteLoop {
        // SAFETY: a server is freed before its loop, which the program has put there.
        unsafe { RemoteLoop::from_c(self.public.eventLoop.get()) }
    }

    /// The loop that the server was made on, on its thread.
    fn home(&self) -> &Loop {
        self.shared.listeners.own.event_loop()
    }

    pub fn is_own_thread(&self) -> bool {
        self.event_loop().on_owner()
    }

    /// The acceptor, which the program may have taken away.
    fn acceptor(&self) -> Option<&acceptor> {
        // SAFETY: a program's acceptor lives as long as the server, and the server's own is freed with it.
        unsafe { self.public.acceptor.get().as_ref() }
    }

    /// The threads for connections, as the program has them.
    fn threads(&self) -> Option<&Pool> {
        // SAFETY: NULL, the server's own pool, or one that a program has put there, which it keeps as long.
        unsafe { Pool::from_nullable(self.public.threadPool.get()) }
    }

    /// What new connections get, as the program has it.
    fn callbacks(&self) -> Callbacks {
        let public = &self.public;
        Callbacks {
            completed: public.connectionCompletedCallBack.get(),
            message: public.messageCallBack.get(),
            write_completed: public.writeCompletedCallBack.get(),
            closed: public.connectionClosedCallBack.get(),
        }
    }

    fn life(&self) -> Life {
        self.shared.state.get()
    }

    /// Whether the server has been started, whatever has become of it since.
    pub fn has_started(&self) -> bool {
        self.life() != Life::New
    }

    /// Whether the owner has freed the server, which only its connections keep.
    pub fn is_freed(&self) -> bool {
        self.life() == Life::Freed
    }

    /// Says what the server's connections speak. Before it starts.
    pub fn speaks(&self, protocol: &'static Protocol) {
        self.header.speaks(protocol);
    }

    /// Has the acceptor that the server was made with freed with it.
    ///
    /// # Safety
    /// It comes from malloc, and nobody else frees it.
    pub unsafe fn own_acceptor(&self) {
        self.owned_acceptor.set(self.public.acceptor.get());
    }

    /// Has a block disposed of when the server's memory goes, on whatever thread lets go last.
    ///
    /// # Safety
    /// `dispose` may be called with the block; nobody uses it once the server's last connection has been freed.
    pub unsafe fn disposes(&self, block: *mut c_void, dispose: Dispose) {
        self.block.set(Some((block, dispose)));
    }

    /// The address that the server is bound to.
    pub fn address(&self) -> Result<Address, c_int> {
        match (self.origin.address(), self.acceptor()) {
            (Some(address), _) => Ok(*address),
            (None, Some(acceptor)) => Address::of_local(acceptor.listen_fd.get()),
            (None, None) => Err(libc::EINVAL),
        }
    }

    /// Puts the server where its loop finds it.
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

/// Makes a server; None with ENOMEM.
///
/// # Safety
/// An acceptor that lives as long as the server.
unsafe fn create(
    l: &Loop,
    acceptor: *mut acceptor,
    callbacks: &Callbacks,
    threads: c_int,
    origin: Origin,
) -> Option<NonNull<Server>> {
    // SAFETY: the block is checked, and filled at once; the caller's acceptor is live.
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

/// Frees the memory, on whatever thread let go last.
///
/// # Safety
/// Nobody has a reference to the server any more, and all sockets are closed.
unsafe fn dispose(server: NonNull<Server>) {
    // SAFETY: nobody else has the pointer; the acceptor and the block were given to the server for this.
    unsafe {
        let own = server.as_ref();
        own.shared.listeners.dispose();
        libc::free(own.owned_acceptor.get().cast());
        let block = own.block.get();
        libc::free(server.as_ptr().cast());
        if let Some((block, dispose)) = block {
            dispose(block);
        }
    }
}
