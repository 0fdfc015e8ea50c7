//! Servers of `yolanda.h`: made from an address or from a listening descriptor.

use super::{Callbacks, Dispose, FREED, NEW, Server, create, enlist, of, usable};
use crate::abi::types::{
    TCPserver, acceptor, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, write_completed_call_back,
};
use crate::reactor::event_loop::create::mine;
use crate::reactor::event_loop::state;
use crate::reactor::tcp_connection::protocol::Protocol;
use crate::sys::address::{Address, Parsed};
use crate::sys::{errno, fd as sys_fd, listen, unix};
use libc::{c_char, c_int, c_void};
use std::cell::Cell;
use std::ffi::CStr;
use std::sync::atomic::Ordering::SeqCst;
use std::{ptr, slice};

pub unsafe extern "C-unwind" fn yolanda_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: NULL or live objects; the address ends with a NUL.
    unsafe {
        if !mine("yolanda_server_new", eventLoop) {
            return ptr::null_mut();
        }
        if address.is_null() || threads < 0 {
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let made = open(CStr::from_ptr(address).to_bytes()).and_then(|opened| {
            let Opened { fd, shares_port, file } = opened;
            match make(eventLoop, fd, callbacks, threads) {
                Ok(server) => {
                    (*server).owns_socket.set(true);
                    (*server).shares_port.set(shares_port);
                    (*server).file = file.map(|(_, file)| file);
                    Ok(server)
                }
                Err(e) => {
                    match file {
                        Some((address, file)) => {
                            unix::retire(&address, file, || sys_fd::close(fd));
                        }
                        None => sys_fd::close(fd),
                    }
                    Err(e)
                }
            }
        });
        give(made)
    }
}

pub unsafe extern "C-unwind" fn yolanda_server_new_fd(
    eventLoop: *mut event_loop,
    fd: c_int,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        message: messageCallBack,
        written: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: NULL or a live loop.
    unsafe {
        if !mine("yolanda_server_new_fd", eventLoop) {
            return ptr::null_mut();
        }
        if threads < 0 {
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let mut other = (*state::of(eventLoop)).servers.get();
        while !other.is_null() {
            if (*other).listener.fd.get() == fd {
                errno::set(libc::EBUSY);
                return ptr::null_mut();
            }
            other = (*other).next.get();
        }
        let made = listen::check(fd).and_then(|()| {
            if !sys_fd::set_nonblocking(fd) || !sys_fd::set_close_on_exec(fd) {
                return Err(errno::get());
            }
            make(eventLoop, fd, callbacks, threads)
        });
        give(made)
    }
}

/// As the program sees it: a server, or NULL with errno.
unsafe fn give(made: Result<*mut Server, c_int>) -> *mut TCPserver {
    match made {
        Ok(server) => {
            // SAFETY: a fresh server, on its loop's thread.
            unsafe { enlist(server) };
            server.cast()
        }
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
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
unsafe fn make(
    l: *mut event_loop,
    fd: c_int,
    callbacks: Callbacks,
    threads: c_int,
) -> Result<*mut Server, c_int> {
    let address = Address::of_local(fd)?;
    // SAFETY: the block is checked, and filled at once; a live loop.
    unsafe {
        let at = libc::malloc(size_of::<acceptor>()).cast::<acceptor>();
        if at.is_null() {
            return Err(libc::ENOMEM);
        }
        let listen_port = address.port().map_or(0, c_int::from);
        at.write(acceptor { listen_port: Cell::new(listen_port), listen_fd: Cell::new(fd) });
        let server = create(l, at, callbacks, threads);
        if server.is_null() {
            libc::free(at.cast());
            return Err(libc::ENOMEM);
        }
        (*server).owns_acceptor.set(true);
        (*server).nodelay.set(Some(true));
        (*server).turns_away.set(true);
        (*server).address = Some(address);
        Ok(server)
    }
}

/// Has the acceptor that a server was made with freed with it.
///
/// # Safety
/// A live server on its loop's thread; the acceptor is malloc's.
pub unsafe fn own_acceptor(server: *mut TCPserver) {
    // SAFETY: the block behind the public struct is the server's own.
    unsafe { (*of(server)).owns_acceptor.set(true) };
}

/// Says what the server's connections speak.
///
/// # Safety
/// A fresh server, made with the protocol's callbacks.
pub unsafe fn speaks(server: *mut TCPserver, protocol: &'static Protocol) {
    // SAFETY: the block behind the public struct is the server's own.
    unsafe { (*of(server)).header.speaks(protocol) };
}

/// Has a block disposed of when the server's memory goes, on whatever thread lets go last.
///
/// # Safety
/// A fresh server; nobody uses the block once the server's last connection has been freed.
pub unsafe fn disposes(server: *mut TCPserver, block: *mut c_void, dispose: Dispose) {
    // SAFETY: as above.
    unsafe { (*of(server)).block.set(Some((block, dispose))) };
}

/// Whether the server has been started, whatever has become of it since.
///
/// # Safety
/// A live server.
pub unsafe fn has_started(server: *mut TCPserver) -> bool {
    // SAFETY: as above.
    unsafe { (*of(server)).state.load(SeqCst) != NEW }
}

/// Whether the owner has freed the server, which only its connections keep.
///
/// # Safety
/// A server whose memory is kept.
pub unsafe fn is_freed(server: *mut TCPserver) -> bool {
    // SAFETY: as above.
    unsafe { (*of(server)).state.load(SeqCst) == FREED }
}

pub unsafe extern "C" fn yolanda_server_address(
    server: *mut TCPserver,
    text: *mut c_char,
    size: usize,
) -> c_int {
    // SAFETY: NULL or a live server; `text` has `size` bytes.
    unsafe {
        if usable("yolanda_server_address", server) < 0 {
            return -1;
        }
        if text.is_null() {
            return errno::fail(libc::EINVAL);
        }
        let address = match ((*of(server)).address, (*server).acceptor.get()) {
            (Some(address), _) => Ok(address),
            (None, acceptor) if acceptor.is_null() => Err(libc::EINVAL),
            (None, acceptor) => Address::of_local((*acceptor).listen_fd.get()),
        };
        match address {
            Err(e) => errno::fail(e),
            Ok(address) => match address.format(slice::from_raw_parts_mut(text.cast(), size)) {
                Some(_) => 0,
                None => errno::fail(libc::ENAMETOOLONG),
            },
        }
    }
}
