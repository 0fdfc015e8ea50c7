//! One attempt after the other: from an address to a connection.

use super::super::pending;
use super::super::tcp_connection::{self, Connection, Owner, settings};
use super::super::{pass, registration, registry};
use super::{Client, State, arm, disarm, resolver};
use crate::abi::types::{EVENT_WRITE, channel, event_loop};
use crate::sys::address::{Address, Parsed};
use crate::sys::{errno, fd as sys_fd, socket};
use libc::{c_int, c_void};
use std::mem;
use std::ptr;

/// For resolving and connecting, unless the program sets another.
pub const LIMIT_MS: i64 = 30_000;

pub const ON_TIME: unsafe extern "C-unwind" fn(*mut event_loop, u64, *mut c_void) = on_time;

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
unsafe fn take_socket(client: *mut Client) -> c_int {
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
unsafe fn fail(client: *mut Client, e: c_int) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        abandon(client);
        (*client).error = e;
        (*client).state = State::Failed;
        arm(client, 0) || give_up(client)
    }
}

/// Decides how it goes on after a failure, and tells the program, which may free the client.
unsafe fn report(client: *mut Client) {
    // SAFETY: a live client on its loop's thread, within a pass; not touched after the callback.
    unsafe {
        let e = (*client).error;
        log_msg!("client of {}: {}", Client::name(client), errno::Text(e));
        (*client).failures = (*client).failures.saturating_add(1);
        let enough = (*client).attempts > 0 && (*client).failures >= (*client).attempts;
        if enough {
            (*client).state = State::Idle;
        } else {
            wait(client);
        }
        let (callback, data) = ((*client).failed, (*client).failed_data);
        if let Some(callback) = callback {
            callback(client.cast(), e, data);
        }
    }
}

/// Waits for the next attempt, or is idle where none is wanted.
unsafe fn wait(client: *mut Client) {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        (*client).state = State::Idle;
        if (*client).backoff.min == 0 {
            return;
        }
        if arm(client, (*client).backoff.next()) {
            (*client).state = State::Waiting;
        } else {
            log_err!("client of {}: no memory to try again", Client::name(client));
        }
    }
}

/// The client's timer: what it means depends on what the client is waiting for.
unsafe extern "C-unwind" fn on_time(_: *mut event_loop, _: u64, data: *mut c_void) {
    let client = data.cast::<Client>();
    // SAFETY: a client's timer is stopped before the client is freed.
    unsafe {
        (*client).timer = 0;
        let going = match (*client).state {
            State::Waiting => begin(client),
            State::Resolving => fail(client, libc::ETIMEDOUT),
            State::Connecting => failed_to_connect(client, libc::ETIMEDOUT),
            _ => false,
        };
        if !going {
            report(client);
        }
    }
}

/// The socket of this address is of no use: on to the next. False when memory is out.
unsafe fn failed_to_connect(client: *mut Client, e: c_int) -> bool {
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
    let client = data.cast::<Client>();
    // SAFETY: a client's channel is taken off before the client is freed.
    unsafe {
        let fd = (*client).channel.fd;
        let e = match socket::take_error(fd) {
            0 => match peer(fd) {
                Peer::Other => return establish(client),
                Peer::None => return 0,
                Peer::Itself => libc::ECONNREFUSED,
            },
            e => e,
        };
        if !failed_to_connect(client, e) {
            report(client);
        }
    }
    0
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

/// Makes a connection of the socket. Always 0.
unsafe fn establish(client: *mut Client) -> c_int {
    // SAFETY: a live client on its loop's thread, within a pass; not touched once the connection
    // was handed over, because its completed callback may free the client.
    unsafe {
        let fd = take_socket(client);
        abandon(client);
        let conn = make_connection(client, fd);
        if conn.is_null() {
            log_err!("no memory for the connection on socket {}", fd);
            sys_fd::close(fd);
            if !fail(client, libc::ENOMEM) {
                report(client);
            }
            return 0;
        }
        (*client).state = State::Connected;
        (*client).conn = conn;
        (*client).since = pass::now_ms();
        (*client).failures = 0;
        log_msg!("client of {}: connected, socket == {}", Client::name(client), fd);
        tcp_connection::hand_over(conn, false);
    }
    0
}

unsafe fn make_connection(client: *mut Client, fd: c_int) -> *mut Connection {
    // SAFETY: a live client on its loop's thread; the connection is nobody else's yet.
    unsafe {
        let conn = tcp_connection::create(fd, (*client).eventLoop, (*client).data, true);
        if conn.is_null() {
            return conn;
        }
        if !settings::apply(conn, &(*client).settings) {
            tcp_connection::discard(conn);
            return ptr::null_mut();
        }
        (*conn).public.connectionCompletedCallBack = (*client).connectionCompletedCallBack;
        (*conn).public.messageCallBack = (*client).messageCallBack;
        (*conn).public.writeCompletedCallBack = (*client).writeCompletedCallBack;
        (*conn).public.connectionClosedCallBack = (*client).connectionClosedCallBack;
        (*conn).owner = Owner::of_client(client);
        conn
    }
}

/// The client's connection has ended; its closed callback comes next, and finds the client as it
/// goes on. `received`: at least one byte.
///
/// # Safety
/// A live client whose connection this was, on its loop's thread, within a pass.
pub unsafe fn ended(client: *mut Client, received: bool) {
    // SAFETY: as said.
    unsafe {
        (*client).conn = ptr::null_mut();
        if (*client).state == State::Closing {
            (*client).state = State::Idle;
            if mem::replace(&mut (*client).again, false) && !begin(client) {
                log_err!("client of {}: no memory to start", Client::name(client));
            }
            return;
        }
        // A server that takes connections only to close them doesn't count as one that is back.
        let lived = pass::now_ms() - (*client).since;
        if received || lived >= (*client).backoff.wait {
            (*client).backoff.reset();
        }
        wait(client);
    }
}
