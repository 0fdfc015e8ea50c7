//! One address of an attempt, and the socket on its way there.

use super::{Client, attempt};
use crate::abi::types::{EVENT_WRITE, channel};
use crate::reactor::event_loop::{posts, registration, registry};
use crate::sys::address::Address;
use crate::sys::{errno, fd as sys_fd, socket};
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Without a socket: not tried yet, or failed.
    Closed,
    /// The channel watches the socket.
    Connecting,
}

/// Doesn't move while it has a socket: its channel points back to it.
pub struct Candidate {
    stage: Cell<Stage>,
    channel: channel,
    client: Cell<*mut Client>,
}

/// What is known of a candidate's socket.
pub enum Way {
    Connected,
    /// It is on its way, or there is none.
    Open,
    Failed(c_int),
}

impl Candidate {
    pub fn none() -> Candidate {
        Candidate {
            stage: Cell::new(Stage::Closed),
            channel: channel {
                fd: Cell::new(-1),
                events: Cell::new(EVENT_WRITE),
                eventReadCallback: Cell::new(None),
                eventWriteCallback: Cell::new(None),
                data: Cell::new(ptr::null_mut()),
            },
            client: Cell::new(ptr::null_mut()),
        }
    }

    pub fn is_connecting(&self) -> bool {
        self.stage == Cell::new(Stage::Connecting)
    }
}

/// Sets a socket on its way, and watches it; or says why that can't be.
///
/// # Safety
/// A closed candidate of a live client, on its loop's thread.
pub unsafe fn open(
    at: *mut Candidate,
    client: *mut Client,
    address: &Address,
) -> Result<(), c_int> {
    // SAFETY: a live client on its loop's thread; the kernel reads the address.
    unsafe {
        let fd = socket::stream(address.family());
        if fd < 0 {
            return Err(errno::get());
        }
        let started = libc::connect(fd, address.as_ptr(), address.len) == 0
            || matches!(errno::get(), libc::EINPROGRESS | libc::EINTR);
        if !started {
            let e = errno::get();
            sys_fd::close(fd);
            return Err(e);
        }
        if let Some(old) = registry::get(fd) {
            // The number was free, so whatever was registered for it is dead.
            posts::post_expire(old.owner, fd, old.id);
        }
        (*at).client.set(client);
        (*at).channel.fd.set(fd);
        (*at).channel.eventWriteCallback.set(Some(on_writable));
        (*at).channel.data.set(at.cast());
        let l = (*client).eventLoop.get();
        if registration::change(l, fd, &raw mut (*at).channel, posts::ADD) != 1 {
            let e = errno::get();
            sys_fd::close(fd);
            return Err(e);
        }
        (*at).stage.set(Stage::Connecting);
        Ok(())
    }
}

/// Takes the socket off the loop; it is the caller's then.
///
/// # Safety
/// A candidate that is connecting, on its loop's thread.
pub unsafe fn take_socket(at: *mut Candidate) -> c_int {
    // SAFETY: its client is live as long as it has a socket.
    unsafe {
        let fd = (*at).channel.fd.get();
        registration::remove((*(*at).client.get()).eventLoop.get(), fd, &raw mut (*at).channel);
        (*at).channel.fd.set(-1);
        (*at).stage.set(Stage::Closed);
        fd
    }
}

/// Gives up this way, where it was begun.
///
/// # Safety
/// A candidate of a live client, on its loop's thread.
pub unsafe fn close(at: *mut Candidate) {
    // SAFETY: a candidate is a part of its live client, which only this thread changes.
    unsafe {
        if (*at).is_connecting() {
            sys_fd::close(take_socket(at));
        }
    }
}

/// The socket is connected, or has failed.
unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    let at = data.cast::<Candidate>();
    // SAFETY: the channel is taken off before the client, of which the candidate is a part, is freed.
    unsafe {
        match look(at) {
            Way::Connected => attempt::connected((*at).client.get(), at),
            Way::Open => {}
            Way::Failed(e) => attempt::failed((*at).client.get(), at, e),
        }
    }
    0
}

/// Looks at the socket of a candidate. An error is taken off it.
///
/// # Safety
/// A candidate of a live client, on its loop's thread.
pub unsafe fn look(at: *const Candidate) -> Way {
    // SAFETY: a live client's candidate, which only its loop's thread changes.
    let fd = unsafe {
        if !(*at).is_connecting() {
            return Way::Open;
        }
        (*at).channel.fd.get()
    };
    match socket::take_error(fd) {
        0 => {}
        e => return Way::Failed(e),
    }
    match (Address::of_peer(fd), Address::of_local(fd)) {
        (Err(_), _) => Way::Open,
        // Its own port was drawn from the range that the server's is in, and it connected to itself,
        // because the server isn't there.
        (Ok(there), Ok(here)) if there.family() != libc::AF_UNIX && there.is_same(&here) => {
            Way::Failed(libc::ECONNREFUSED)
        }
        _ => Way::Connected,
    }
}
