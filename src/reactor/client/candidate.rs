//! A candidate: one address of an attempt, and the socket that connects to it.

use super::Client;
use crate::abi::types::{EVENT_WRITE, channel};
use crate::reactor::event_loop::{changes, registry};
use crate::sys::address::Address;
use crate::sys::{errno, fd as sys_fd, socket};
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// It must not be moved while it has a socket, because its channel points to it.
pub struct Candidate {
    channel: channel,
    /// Its client, while it has a socket that is registered. None if it wasn't tried yet, has failed, or was
    /// taken over.
    client: Cell<Option<NonNull<Client>>>,
}

/// The state of a candidate's socket.
pub enum Progress {
    Connected,
    /// It is connecting, or there is none.
    Open,
    Failed(c_int),
}

impl Candidate {
    pub fn none() -> Candidate {
        Candidate {
            channel: channel {
                fd: Cell::new(-1),
                events: Cell::new(EVENT_WRITE),
                eventReadCallback: Cell::new(None),
                eventWriteCallback: Cell::new(Some(on_writable)),
                data: Cell::new(ptr::null_mut()),
            },
            client: Cell::new(None),
        }
    }

    pub fn is_connecting(&self) -> bool {
        self.client.get().is_some()
    }

    /// The client of a candidate that is connecting.
    fn client(&self) -> Option<&Client> {
        // SAFETY: a candidate is a field of its client.
        self.client.get().map(|client| unsafe { client.as_ref() })
    }

    /// Starts to connect a socket and registers it. The error is an errno value.
    pub fn open(&self, client: &Client, address: &Address) -> Result<(), c_int> {
        let fd = socket::stream(address.family());
        if fd < 0 {
            return Err(errno::get());
        }
        let started = socket::connect(fd, address) == 0
            || matches!(errno::get(), libc::EINPROGRESS | libc::EINTR);
        if !started || !self.watch(client, fd) {
            let e = errno::get();
            sys_fd::close(fd);
            return Err(e);
        }
        self.client.set(Some(NonNull::from(client)));
        Ok(())
    }

    /// Registers the socket. False with errno.
    fn watch(&self, client: &Client, fd: c_int) -> bool {
        self.channel.fd.set(fd);
        self.channel.data.set(ptr::from_ref(self).cast_mut().cast());
        let channel = ptr::from_ref(&self.channel).cast_mut();
        // SAFETY: the channel is valid and in place until `take_socket` removes it, because a client closes its
        // candidates before it is freed. The loop of an entry in the registry hasn't been freed.
        unsafe {
            if let Some(old) = registry::get(fd) {
                // The kernel has assigned the number, so an older registration of it has ended.
                old.expire(fd);
            }
            client.event_loop().change(fd, channel, changes::ADD) == 1
        }
    }

    /// Removes the socket from the loop and returns it to the caller. None if there is none.
    pub fn take_socket(&self) -> Option<c_int> {
        let client = self.client()?;
        let fd = self.channel.fd.get();
        client.event_loop().remove_channel(fd, &self.channel);
        self.channel.fd.set(-1);
        self.client.set(None);
        Some(fd)
    }

    /// Abandons an address whose socket is connecting.
    pub fn close(&self) {
        if let Some(fd) = self.take_socket() {
            sys_fd::close(fd);
        }
    }

    /// Checks the socket, and clears its error.
    pub fn look(&self) -> Progress {
        if !self.is_connecting() {
            return Progress::Open;
        }
        let fd = self.channel.fd.get();
        match socket::take_error(fd) {
            0 => {}
            e => return Progress::Failed(e),
        }
        match (Address::of_peer(fd), Address::of_local(fd)) {
            (Err(_), _) => Progress::Open,
            // If there is no server, the kernel may choose the server's port as the socket's own and connect it
            // to itself.
            (Ok(there), Ok(here)) if there.family() != libc::AF_UNIX && there.is_same(&here) => {
                Progress::Failed(libc::ECONNREFUSED)
            }
            _ => Progress::Connected,
        }
    }
}

/// Called when the socket is connected or has failed.
unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    // SAFETY: `watch` has set the data, and the channel is removed before the candidate's client is freed.
    let candidate = unsafe { &*data.cast::<Candidate>() };
    // The candidate is a field of the client.
    if let Some(client) = candidate.client().and_then(Client::keep) {
        match candidate.look() {
            Progress::Connected => client.connected(candidate),
            Progress::Open => {}
            Progress::Failed(e) => client.failed(candidate, e),
        }
    }
    0
}
