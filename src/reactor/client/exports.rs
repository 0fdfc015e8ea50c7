//! Clients as C calls them.

use super::{Client, State, attempt, create, free, halt};
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, event_loop, message_call_back,
    tcp_connection, write_completed_call_back, yolanda_client,
};
use crate::reactor::event_loop::create::mine as loop_is_mine;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::address::{Address, Parsed};
use crate::sys::errno;
use libc::{c_char, c_int};
use std::ffi::CStr;
use std::ptr;

/// The client where the call may be answered; NULL with errno where not.
unsafe fn mine(what: &str, client: *mut yolanda_client) -> *mut Client {
    let client = client.cast::<Client>();
    if client.is_null() {
        log_err!("{}: no client", what);
        errno::set(libc::EINVAL);
        return client;
    }
    // SAFETY: a client that wasn't freed, by the contract of each function.
    if unsafe { !on_owner((*client).eventLoop.get()) } {
        errno::set(libc::EPERM);
        return ptr::null_mut();
    }
    client
}

/// Does `call` for a client whose thread this is; -1 with errno for others.
///
/// # Safety
/// `client` is NULL or wasn't freed; `call` calls nothing of the program.
pub unsafe fn with(
    what: &str,
    client: *mut yolanda_client,
    call: impl FnOnce(&mut Client) -> c_int,
) -> c_int {
    // SAFETY: the client is live, and no callback runs within `call`.
    unsafe {
        match mine(what, client).as_mut() {
            Some(client) => call(client),
            None => -1,
        }
    }
}

/// Whether a client can connect to this: a host or a path, and a port.
fn check(text: &[u8]) -> Result<(), c_int> {
    match Address::parse(text)? {
        Parsed::Socket(address) if address.port() == Some(0) => Err(libc::EINVAL),
        Parsed::Any(_) | Parsed::Name { port: 0, .. } => Err(libc::EINVAL),
        _ => Ok(()),
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    completed: connection_completed_call_back,
    message: message_call_back,
    write_completed: write_completed_call_back,
    closed: connection_closed_call_back,
) -> *mut yolanda_client {
    // SAFETY: NULL or a live loop, and NULL or a string, by this function's contract.
    unsafe {
        if !loop_is_mine("yolanda_client_new", eventLoop) {
            return ptr::null_mut();
        }
        if address.is_null() {
            log_err!("yolanda_client_new: no address");
            errno::set(libc::EINVAL);
            return ptr::null_mut();
        }
        let text = CStr::from_ptr(address).to_bytes();
        if let Err(e) = check(text) {
            errno::set(e);
            return ptr::null_mut();
        }
        let client = create(eventLoop, text, Settings { nodelay: true, ..Settings::DEFAULT });
        if client.is_null() {
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        (*client).connectionCompletedCallBack.set(completed);
        (*client).messageCallBack.set(message);
        (*client).writeCompletedCallBack.set(write_completed);
        (*client).connectionClosedCallBack.set(closed);
        client.cast()
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_start(client: *mut yolanda_client) -> c_int {
    // SAFETY: a client that wasn't freed, by this function's contract.
    unsafe {
        let client = mine("yolanda_client_start", client);
        if client.is_null() {
            return -1;
        }
        match (*client).state.get() {
            State::Idle => {}
            State::Closing => {
                (*client).state.set(State::Restarting);
                (*client).backoff.reset();
                return 0;
            }
            State::Connected => return errno::fail(libc::EISCONN),
            _ => return errno::fail(libc::EALREADY),
        }
        (*client).failures.set(0);
        (*client).backoff.reset();
        if attempt::begin(client) { 0 } else { errno::fail(libc::ENOMEM) }
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_stop(client: *mut yolanda_client) -> c_int {
    // SAFETY: a client that wasn't freed, by this function's contract.
    unsafe {
        let client = mine("yolanda_client_stop", client);
        if client.is_null() {
            return -1;
        }
        if !is_active(client) {
            return errno::fail(libc::EALREADY);
        }
        halt(client);
        0
    }
}

/// Whether the client has a connection, or is going to try for one.
unsafe fn is_active(client: *const Client) -> bool {
    // SAFETY: a live client.
    unsafe { !matches!((*client).state.get(), State::Idle | State::Closing) }
}

pub unsafe extern "C-unwind" fn yolanda_client_is_active(client: *mut yolanda_client) -> c_int {
    // SAFETY: handed on.
    unsafe { with("yolanda_client_is_active", client, |client| c_int::from(is_active(client))) }
}

pub unsafe extern "C-unwind" fn yolanda_client_connection(
    client: *mut yolanda_client,
) -> *mut tcp_connection {
    // SAFETY: a client that wasn't freed, by this function's contract.
    unsafe {
        let client = mine("yolanda_client_connection", client);
        if client.is_null() {
            return ptr::null_mut();
        }
        if (*client).state.get() != State::Connected {
            errno::set(libc::ENOTCONN);
            return ptr::null_mut();
        }
        (*client).conn.get().cast()
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_free(client: *mut yolanda_client) -> c_int {
    // SAFETY: a client that wasn't freed, by this function's contract.
    unsafe {
        let client = mine("yolanda_client_free", client);
        if client.is_null() {
            return -1;
        }
        free(client);
        0
    }
}
