//! One attempt after the other: from an address to a connection.

use super::super::{pass, pending, registration, registry};
use super::outcome::{establish, report};
use super::{Client, State, arm, disarm, resolver};
use crate::abi::types::{EVENT_WRITE, channel};
use crate::sys::address::{Address, Parsed};
use crate::sys::{errno, fd as sys_fd, socket};
use libc::{c_int, c_void};
use std::mem;
use std::ptr;

/// For resolving and connecting, unless the program sets another.
pub const LIMIT_MS: i64 = 30_000;

/// The channel of a client's socket, without a socket.
pub fn channel_of(client: *mut Client) -> channel {
    channel {
        fd: -1,
        events: EVENT_WRITE,
        eventReadCallback: None,
        eventWriteCallback: Some(on_writable),
        data: client.cast(),
    }
}

/// Begins an attempt. What comes of it the program hears in a later pass. False when memory is out:
/// then the client is idle.
///
/// # Safety
/// A live client that has neither an attempt nor a connection, on its loop's thread.
pub unsafe fn begin(client: *mut Client) -> bool {
    // SAFETY: as said.
    unsafe {
        let limit = (*client).limit_ms;
        (*client).deadline = pass::now_ms().saturating_add(limit);
        (*client).error = libc::EHOSTUNREACH;
        (*client).at = 0;
        match Address::parse(Client::text(client)) {
            Ok(Parsed::Socket(address)) => {
                (*client).address = address;
                next_address(client)
            }
            Ok(Parsed::Name { host, port }) => {
                (*client).job = resolver::ask((*client).eventLoop, client, host, port);
                if (*client).job.is_null() {
                    return fail(client, errno::get());
                }
                (*client).state = State::Resolving;
                limit == 0 || arm(client, limit) || give_up(client)
            }
            // It was good when the client was made: the interface of its scope has gone.
            _ => fail(client, libc::ENODEV),
        }
    }
}

/// The name was looked up.
///
/// # Safety
/// A live client that waits for its job, on its loop's thread, within a pass.
pub unsafe fn resolved(client: *mut Client) {
    // SAFETY: as said.
    unsafe {
        disarm(client);
        // What the answer had to wait for the loop's thread isn't the addresses' loss.
        (*client).deadline += resolver::since_found((*client).job).unwrap_or(0);
        let e = (*(*client).job).error;
        let going = if e == 0 { next_address(client) } else { fail(client, e) };
        if !going {
            report(client);
        }
    }
}

/// The addresses that are left to try.
unsafe fn left(client: *const Client) -> usize {
    // SAFETY: a live client.
    unsafe {
        let count = if (*client).job.is_null() { 1 } else { (*(*client).job).count };
        count - (*client).at.min(count)
    }
}

/// Tries addresses until one of them doesn't fail at once. False when memory is out.
unsafe fn next_address(client: *mut Client) -> bool {
    // SAFETY: a live client without a socket, on its loop's thread.
    unsafe {
        while left(client) > 0 {
            let job = (*client).job;
            let address =
                if job.is_null() { (*client).address } else { (*job).addresses[(*client).at] };
            let share = share_of_time(client);
            (*client).at += 1;
            match open(client, &address) {
                Ok(()) => {
                    (*client).state = State::Connecting;
                    return (*client).limit_ms == 0 || arm(client, share) || give_up(client);
                }
                Err(e) => (*client).error = e,
            }
        }
        fail(client, (*client).error)
    }
}

/// The time that is left, in equal parts for the addresses that are left: one that doesn't answer
/// doesn't take it all.
unsafe fn share_of_time(client: *const Client) -> i64 {
    // SAFETY: a live client.
    unsafe {
        let time = ((*client).deadline - pass::now_ms()).max(0);
        time / left(client).max(1) as i64
    }
}

/// Sets a socket on its way, and watches it.
unsafe fn open(client: *mut Client, address: &Address) -> Result<(), c_int> {
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
        let l = (*client).eventLoop;
        if let Some(old) = registry::get(fd) {
            // The number was free, so whatever was registered for it is dead.
            pending::post_expire(old.owner, fd, old.id);
        }
        (*client).channel.fd = fd;
        if registration::change(l, fd, &raw mut (*client).channel, pending::ADD) != 1 {
            let e = errno::get();
            (*client).channel.fd = -1;
            sys_fd::close(fd);
            return Err(e);
        }
        Ok(())
    }
}

/// Takes the socket off the loop; it is the caller's then. -1 without one.
///
/// # Safety
/// A live client on its loop's thread.
pub unsafe fn take_socket(client: *mut Client) -> c_int {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        let fd = (*client).channel.fd;
        if fd >= 0 {
            registration::remove((*client).eventLoop, fd, &raw mut (*client).channel);
            (*client).channel.fd = -1;
        }
        fd
    }
}

/// Ends an attempt, or the wait for one, without a word.
///
/// # Safety
/// A live client on its loop's thread.
pub unsafe fn abandon(client: *mut Client) {
    // SAFETY: as said.
    unsafe {
        disarm(client);
        let fd = take_socket(client);
        if fd >= 0 {
            sys_fd::close(fd);
        }
        let job = mem::replace(&mut (*client).job, ptr::null_mut());
        if !job.is_null() {
            resolver::leave(job);
        }
    }
}

/// Without memory for a timer nothing can be promised. Always false, with errno.
unsafe fn give_up(client: *mut Client) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        abandon(client);
        (*client).state = State::Idle;
        (*client).error = libc::ENOMEM;
        errno::set(libc::ENOMEM);
        false
    }
}

/// An attempt has failed; the program hears of it in the next pass. False when memory is out.
///
/// # Safety
/// A live client on its loop's thread.
pub unsafe fn fail(client: *mut Client, e: c_int) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        abandon(client);
        (*client).error = e;
        (*client).state = State::Failed;
        arm(client, 0) || give_up(client)
    }
}

/// The socket of this address is of no use: on to the next. False when memory is out.
///
/// # Safety
/// A live client with a socket, on its loop's thread.
pub unsafe fn failed_to_connect(client: *mut Client, e: c_int) -> bool {
    // SAFETY: a live client with a socket, on its loop's thread.
    unsafe {
        disarm(client);
        sys_fd::close(take_socket(client));
        (*client).error = e;
        next_address(client)
    }
}

/// The socket is connected, or has failed.
unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    // SAFETY: a client's channel is taken off before the client is freed.
    unsafe { has_answer(data.cast()) };
    0
}

/// Goes on with a client whose socket is connected, or has failed: whether it is so. The client may be freed then.
///
/// # Safety
/// A live client with a socket, on its loop's thread, within a pass.
pub unsafe fn has_answer(client: *mut Client) -> bool {
    // SAFETY: as said; it isn't touched after the program was called.
    unsafe {
        let fd = (*client).channel.fd;
        let e = match socket::take_error(fd) {
            0 => match peer(fd) {
                Peer::Other => {
                    establish(client);
                    return true;
                }
                Peer::None => return false,
                Peer::Itself => libc::ECONNREFUSED,
            },
            e => e,
        };
        if !failed_to_connect(client, e) {
            report(client);
        }
        true
    }
}

enum Peer {
    Other,
    /// Not yet connected: a back end told more than it knew.
    None,
    /// A socket whose own port was drawn from the range that the server's is in, and that connected
    /// to itself, because the server isn't there.
    Itself,
}

fn peer(fd: c_int) -> Peer {
    match (Address::of_peer(fd), Address::of_local(fd)) {
        (Err(_), _) => Peer::None,
        (Ok(there), Ok(here)) if there.family() != libc::AF_UNIX && there.is_same(&here) => {
            Peer::Itself
        }
        _ => Peer::Other,
    }
}
