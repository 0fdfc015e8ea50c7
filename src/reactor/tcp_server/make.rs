//! Making servers from an acceptor, an address or a listening descriptor.

use super::{Server, create, servers};
use crate::abi::types::acceptor;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::sys::address::{Address, Parsed};
use crate::sys::explained::{Lossy, explain};
use crate::sys::{errno, fd as sys_fd, listen, unix};
use libc::c_int;
use std::cell::Cell;
use std::ptr::NonNull;

/// The origin of a server's socket.
pub enum Origin {
    /// An acceptor. If descriptors run out, its clients wait; the program sets its options.
    Acceptor,
    /// A descriptor of the program, with the address to which it is bound.
    Descriptor(Address),
    /// The library opened it, so it can open others on the same address.
    Opened {
        address: Address,
        /// Other sockets listen on the port, which is allowed only with one socket per thread.
        shares_port: bool,
    },
}

impl Origin {
    /// The bound address, if the library knows it.
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
    /// A server on an acceptor of the program; ENOMEM. If this isn't the loop's thread, the server isn't added to
    /// the loop's list until it starts.
    ///
    /// # Safety
    /// The acceptor is valid as long as the server.
    pub unsafe fn on_acceptor(
        l: &Loop,
        acceptor: NonNull<acceptor>,
        callbacks: &Callbacks,
        threads: c_int,
    ) -> Result<NonNull<Server>, c_int> {
        let origin = Origin::Acceptor;
        // SAFETY: by contract the acceptor is valid as long as the server.
        let server = unsafe { create(l, acceptor.as_ptr(), callbacks, threads, origin) };
        let server = server.ok_or(libc::ENOMEM)?;
        if l.on_owner() {
            // SAFETY: the server has just been made and can't have been freed.
            unsafe { server.as_ref() }.enlist();
        }
        Ok(server)
    }

    /// A server on an address in text form. On the loop's thread.
    pub fn on_address(
        l: &Loop,
        address: &[u8],
        callbacks: &Callbacks,
        threads: c_int,
    ) -> Result<NonNull<Server>, c_int> {
        let Opened { fd, shares_port, file } = open(address).map_err(|e| explain(e, address))?;
        let opened = |address| Origin::Opened { address, shares_port };
        match make(l, fd, callbacks, threads, opened) {
            Ok(server) => {
                // SAFETY: the server has just been made and can't have been freed.
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

/// A socket that was bound for a server.
struct Opened {
    fd: c_int,
    /// It could be bound only together with others that listen there.
    shares_port: bool,
    file: Option<(Address, unix::File)>,
}

/// Says what went wrong with an address.
fn explain(e: c_int, text: &[u8]) -> c_int {
    match (e, Address::parse(text)) {
        (_, Err(_)) => explain!(e, "not an address: \"{}\"", Lossy(text)),
        (libc::ENOENT, Ok(Parsed::Name { host, .. })) => {
            explain!(e, "no such host: {}", Lossy(host))
        }
        _ => explain!(e, "{}: {}", Lossy(text), errno::Text(e)),
    }
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
            // It listens at once, because a socket file on which nobody listens counts as stale.
            let (fd, file) = unix::open(&address)?;
            Ok(Opened { fd, shares_port: false, file: file.map(|file| (address, file)) })
        }
        Parsed::Socket(address) => tcp(&address),
        Parsed::Name { host, port } => tcp(&listen::look_up(host, port)?),
    }
}

/// A server on a bound socket, with its own acceptor.
fn make(
    l: &Loop,
    fd: c_int,
    callbacks: &Callbacks,
    threads: c_int,
    origin: impl FnOnce(Address) -> Origin,
) -> Result<NonNull<Server>, c_int> {
    let address = Address::of_local(fd)?;
    // SAFETY: the block is checked for NULL and initialised at once; it is freed with the server.
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
