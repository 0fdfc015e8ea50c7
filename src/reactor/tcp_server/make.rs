//! Servers that are made from an acceptor, an address or a listening descriptor.

use super::{Server, create, servers};
use crate::abi::types::acceptor;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::lifecycle::register::Callbacks;
use crate::sys::address::{Address, Parsed};
use crate::sys::{errno, fd as sys_fd, listen, unix};
use libc::c_int;
use std::cell::Cell;
use std::ptr::NonNull;

/// Where a server's socket comes from.
pub enum Origin {
    /// An acceptor. Its clients wait when descriptors are out, and its options are the program's.
    Acceptor,
    /// A descriptor of the program, with the address that it is bound to.
    Descriptor(Address),
    /// It was opened here: with its address, it can be opened again.
    Opened {
        address: Address,
        /// Others listen on the port, which only goes with a socket per thread.
        shares_port: bool,
    },
}

impl Origin {
    /// The bound address, as long as the socket is the library's to know.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Origin::Acceptor => None,
            Origin::Descriptor(address) | Origin::Opened { address, .. } => Some(address),
        }
    }

    pub fn is_opened(&self) -> bool {
        matches!(self, Origin::Opened { .. })
    }

    /// Whether more sockets can be opened on the same port.
    pub fn can_share_port(&self) -> bool {
        matches!(self, Origin::Opened { address, .. } if address.port().is_some())
    }

    pub fn shares_port(&self) -> bool {
        matches!(self, Origin::Opened { shares_port: true, .. })
    }
}

impl Server {
    /// A server on an acceptor of the program; ENOMEM. On another thread than the loop's the loop doesn't know of it
    /// until it starts.
    ///
    /// # Safety
    /// The acceptor lives as long as the server.
    pub unsafe fn on_acceptor(
        l: &Loop,
        acceptor: NonNull<acceptor>,
        callbacks: &Callbacks,
        threads: c_int,
    ) -> Result<NonNull<Server>, c_int> {
        let origin = Origin::Acceptor;
        // SAFETY: the acceptor lives as long as the server, by this function's contract.
        let server = unsafe { create(l, acceptor.as_ptr(), callbacks, threads, origin) };
        let server = server.ok_or(libc::ENOMEM)?;
        if l.on_owner() {
            // SAFETY: nobody could have freed a server that was just made.
            unsafe { server.as_ref() }.enlist();
        }
        Ok(server)
    }

    /// A server on an address, in its text form. On the loop's thread.
    pub fn on_address(
        l: &Loop,
        address: &[u8],
        callbacks: &Callbacks,
        threads: c_int,
    ) -> Result<NonNull<Server>, c_int> {
        let Opened { fd, shares_port, file } = open(address)?;
        let opened = |address| Origin::Opened { address, shares_port };
        match make(l, fd, callbacks, threads, opened) {
            Ok(server) => {
                // SAFETY: nobody could have freed a server that was just made.
                unsafe { server.as_ref() }.file.set(file.map(|(_, file)| file));
                Ok(server)
            }
            Err(e) => {
                match file {
                    Some((address, file)) => unix::retire(&address, file, || sys_fd::close(fd)),
                    None => sys_fd::close(fd),
                }
                Err(e)
            }
        }
    }

    /// A server on a listening descriptor. On the loop's thread.
    pub fn on_descriptor(
        l: &Loop,
        fd: c_int,
        callbacks: &Callbacks,
        threads: c_int,
    ) -> Result<NonNull<Server>, c_int> {
        if servers(l).find(|other| other.shared.listeners.own.fd.get() == fd).is_some() {
            return Err(libc::EBUSY);
        }
        listen::check(fd)?;
        if !sys_fd::set_nonblocking(fd) || !sys_fd::set_close_on_exec(fd) {
            return Err(errno::get());
        }
        make(l, fd, callbacks, threads, Origin::Descriptor)
    }
}

/// A socket that is bound for a server.
struct Opened {
    fd: c_int,
    /// It could only be had together with others that listen there.
    shares_port: bool,
    file: Option<(Address, unix::File)>,
}

fn open(text: &[u8]) -> Result<Opened, c_int> {
    let or_shared = |open: &dyn Fn(bool) -> Result<c_int, c_int>| match open(false) {
        Err(e @ libc::EADDRINUSE) => {
            open(true).map(|fd| Opened { fd, shares_port: true, file: None }).or(Err(e))
        }
        done => done.map(|fd| Opened { fd, shares_port: false, file: None }),
    };
    let tcp = |address: &Address| or_shared(&|shared| listen::bound(address, shared));
    match Address::parse(text)? {
        Parsed::Any(port) => or_shared(&|shared| listen::bound_any(port, shared)),
        Parsed::Socket(address) if address.family() == libc::AF_UNIX => {
            // It listens at once: a file that nobody listens on counts as left behind.
            let (fd, file) = unix::open(&address)?;
            Ok(Opened { fd, shares_port: false, file: file.map(|file| (address, file)) })
        }
        Parsed::Socket(address) => tcp(&address),
        Parsed::Name { host, port } => tcp(&listen::look_up(host, port)?),
    }
}

/// A server on a bound socket, with an acceptor of its own.
fn make(
    l: &Loop,
    fd: c_int,
    callbacks: &Callbacks,
    threads: c_int,
    origin: impl FnOnce(Address) -> Origin,
) -> Result<NonNull<Server>, c_int> {
    let address = Address::of_local(fd)?;
    // SAFETY: the block is checked, and filled at once; it is freed with the server.
    unsafe {
        let at = libc::malloc(size_of::<acceptor>()).cast::<acceptor>();
        if at.is_null() {
            return Err(libc::ENOMEM);
        }
        let listen_port = address.port().map_or(0, c_int::from);
        at.write(acceptor { listen_port: Cell::new(listen_port), listen_fd: Cell::new(fd) });
        let Some(server) = create(l, at, callbacks, threads, origin(address)) else {
            libc::free(at.cast());
            return Err(libc::ENOMEM);
        };
        let own = server.as_ref();
        own.own_acceptor();
        own.enlist();
        Ok(server)
    }
}
