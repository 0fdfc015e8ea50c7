//! What comes of an attempt: a failure that is told, a wait, or a connection and its end.

use super::{Client, State, arm, resolver};
use crate::abi::types::event_loop;
use crate::reactor::client::attempt::{abandon, begin, fail, go_on};
use crate::reactor::event_loop::iteration;
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::{Connection, Owner};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};
use std::ptr;

pub const ON_TIME: unsafe extern "C-unwind" fn(*mut event_loop, u64, *mut c_void) = on_time;

/// Decides how it goes on after a failure, and tells the program, which may free the client.
///
/// # Safety
/// A live client on its loop's thread, within a pass. The caller doesn't touch it afterwards.
pub unsafe fn report(client: *mut Client) {
    // SAFETY: a live client on its loop's thread, within a pass; not touched after the callback.
    unsafe {
        let e = (*client).error.get();
        log_msg!("client of {}: {}", Client::name(client), errno::Text(e));
        (*client).failures.set((*client).failures.get().saturating_add(1));
        let enough =
            (*client).attempts.get() > 0 && (*client).failures.get() >= (*client).attempts.get();
        if enough {
            (*client).state.set(State::Idle);
        } else {
            wait(client);
        }
        let (callback, data) = ((*client).failed.get(), (*client).failed_data.get());
        if let Some(callback) = callback {
            callback(client.cast(), e, data);
        }
    }
}

/// Waits for the next attempt, or is idle where none is wanted.
unsafe fn wait(client: *mut Client) {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        (*client).state.set(State::Idle);
        if (*client).backoff.min == 0 {
            return;
        }
        if arm(client, (*client).backoff.next()) {
            (*client).state.set(State::Waiting);
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
        (*client).timer.set(0);
        let going = match (*client).state.get() {
            State::Waiting => begin(client),
            // The loop's thread may have been elsewhere when the answer came.
            State::Resolving if resolver::since_found((*client).job.get()).is_some() => return,
            State::Resolving => fail(client, libc::ETIMEDOUT),
            State::Connecting => go_on(client),
            _ => false,
        };
        if !going {
            report(client);
        }
    }
}

/// Makes a connection of the socket that has won.
///
/// # Safety
/// As for `report`; the socket is connected, and the caller's.
pub unsafe fn establish(client: *mut Client, fd: c_int) {
    // SAFETY: a live client on its loop's thread, within a pass; not touched once the connection
    // was handed over, because its completed callback may free the client.
    unsafe {
        abandon(client);
        let conn = make_connection(client, fd);
        if conn.is_null() {
            log_err!("no memory for the connection on socket {}", fd);
            sys_fd::close(fd);
            if !fail(client, libc::ENOMEM) {
                report(client);
            }
            return;
        }
        (*client).state.set(State::Connected);
        (*client).conn.set(conn);
        (*client).since.set(iteration::now_ms());
        (*client).failures.set(0);
        log_msg!("client of {}: connected, socket == {}", Client::name(client), fd);
        tcp_connection::hand_over(conn, false);
    }
}

unsafe fn make_connection(client: *mut Client, fd: c_int) -> *mut Connection {
    // SAFETY: a live client on its loop's thread; the connection is nobody else's yet.
    unsafe {
        let conn = tcp_connection::create(
            fd,
            (*client).eventLoop.get(),
            (*client).data.get(),
            Kind::of(fd),
        );
        if conn.is_null() {
            return conn;
        }
        if !(*conn).apply(&(*client).settings) {
            tcp_connection::discard(conn);
            return ptr::null_mut();
        }
        (*conn).public.connectionCompletedCallBack.set((*client).connectionCompletedCallBack.get());
        (*conn).public.messageCallBack.set((*client).messageCallBack.get());
        (*conn).public.writeCompletedCallBack.set((*client).writeCompletedCallBack.get());
        (*conn).public.connectionClosedCallBack.set((*client).connectionClosedCallBack.get());
        (*conn).owner.set(Owner::of_client(client));
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
        (*client).conn.set(ptr::null_mut());
        match (*client).state.get() {
            State::Closing => {
                (*client).state.set(State::Idle);
                return;
            }
            State::Restarting => {
                if !begin(client) {
                    log_err!("client of {}: no memory to start", Client::name(client));
                }
                return;
            }
            _ => {}
        }
        // A server that takes connections only to close them doesn't count as one that is back.
        let lived = iteration::now_ms() - (*client).since.get();
        if received || lived >= (*client).backoff.wait {
            (*client).backoff.reset();
        }
        wait(client);
    }
}
