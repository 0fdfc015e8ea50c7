//! The functions of yolanda.h for a connection that is kept: references, what it is, what belongs to
//! it.

use super::{Connection, cold_state};
use crate::abi::types::tcp_connection;
use crate::reactor::tcp_connection::lifecycle::{close, open};
use crate::sync::refs::Released;
use crate::sys::address;
use crate::sys::address::Address;
use crate::sys::errno;
use libc::{c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// Logs and answers for a missing connection.
pub fn absent(what: &str, conn: *const tcp_connection) -> bool {
    if conn.is_null() {
        log_err!("{}: no connection", what);
        errno::set(libc::EINVAL);
    }
    conn.is_null()
}

/// The connection, if the calling thread may change it now; else errno is set.
///
/// # Safety
/// NULL, or a connection that is live or retained.
pub unsafe fn to_change<'a>(what: &str, conn: *mut tcp_connection) -> Option<&'a Connection> {
    if absent(what, conn) {
        return None;
    }
    // SAFETY: as said; its reference keeps the loop's memory.
    unsafe {
        let own = Connection::from_c(conn);
        if !open::is_open_here(own) {
            errno::set(libc::ENOTCONN);
            return None;
        }
        // Before it has come to its loop it is the completed callback's.
        if open::is_announced(own) && !own.event_loop().on_owner() {
            errno::set(libc::EPERM);
            return None;
        }
        Some(own)
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_retain(
    connection: *mut tcp_connection,
) -> *mut tcp_connection {
    if absent("yolanda_connection_retain", connection) {
        return ptr::null_mut();
    }
    // SAFETY: the caller knows of a reference that stays.
    if unsafe { Connection::from_c(connection).refs.retain() } {
        return connection;
    }
    errno::set(libc::EOVERFLOW);
    ptr::null_mut()
}

pub unsafe extern "C-unwind" fn yolanda_connection_release(
    connection: *mut tcp_connection,
) -> c_int {
    if absent("yolanda_connection_release", connection) {
        return -1;
    }
    // SAFETY: the reference is the caller's.
    if unsafe { close::release(connection.cast()) } == Released::None {
        log_err!("yolanda_connection_release: nobody has retained it");
        return errno::fail(libc::EINVAL);
    }
    0
}

pub unsafe extern "C-unwind" fn yolanda_connection_is_open(
    connection: *mut tcp_connection,
) -> c_int {
    if absent("yolanda_connection_is_open", connection) {
        return -1;
    }
    // SAFETY: live or retained.
    unsafe { c_int::from(open::is_open_here(Connection::from_c(connection))) }
}

pub unsafe extern "C-unwind" fn yolanda_connection_id(connection: *mut tcp_connection) -> u64 {
    if absent("yolanda_connection_id", connection) {
        return 0;
    }
    // SAFETY: live or retained.
    unsafe { Connection::from_c(connection).id.get() }
}

pub unsafe extern "C-unwind" fn yolanda_connection_error(connection: *mut tcp_connection) -> c_int {
    if absent("yolanda_connection_error", connection) {
        return -1;
    }
    // SAFETY: live or retained.
    unsafe {
        let conn = Connection::from_c(connection);
        if open::is_open_here(conn) {
            return 0;
        }
        match conn.fate.load(Relaxed) {
            0 => conn.intake.closing().map_or(0, c_int::from),
            why => c_int::from(why - 1),
        }
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_user_data(
    connection: *mut tcp_connection,
    data: *mut c_void,
    destroy: cold_state::Destroy,
) -> c_int {
    // SAFETY: live or retained; the extras are this thread's. Nothing is used after the old
    // destructor was called.
    unsafe {
        let Some(conn) = to_change("yolanda_connection_set_user_data", connection) else {
            return -1;
        };
        let Some(x) = conn.make_cold() else {
            return errno::fail(libc::ENOMEM);
        };
        let old = x.user_data.swap(data, AcqRel);
        if let Some(destroy_old) = x.destroy.replace(destroy) {
            destroy_old(old);
        }
        0
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_user_data(
    connection: *mut tcp_connection,
) -> *mut c_void {
    if absent("yolanda_connection_user_data", connection) {
        return ptr::null_mut();
    }
    // SAFETY: live or retained.
    unsafe {
        let cold = Connection::from_c(connection).cold();
        cold.map_or(ptr::null_mut(), |cold| cold.user_data.load(Acquire))
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_peer(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    // SAFETY: handed on.
    unsafe { tell("yolanda_connection_peer", connection, text, size, Address::of_peer) }
}

pub unsafe extern "C-unwind" fn yolanda_connection_local(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    // SAFETY: handed on.
    unsafe { tell("yolanda_connection_local", connection, text, size, Address::of_local) }
}

/// Asks for an address, and writes it.
unsafe fn tell(
    what: &str,
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
    ask: fn(c_int) -> Result<Address, c_int>,
) -> c_int {
    if absent(what, connection) {
        return -1;
    }
    if text.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: live or retained; the descriptor isn't closed while it is in use. `text` has room for
    // `size` bytes, and no more than the text and its NUL are written.
    unsafe {
        let conn = Connection::from_c(connection);
        if !open::is_open_here(conn) || !conn.descriptor.enter() {
            return errno::fail(libc::ENOTCONN);
        }
        let answer = ask(conn.number.get());
        conn.descriptor.leave();
        let address = match answer {
            Ok(address) => address,
            Err(e) => return errno::fail(e),
        };
        let mut room = [0u8; address::TEXT];
        match address.format(&mut room) {
            Some(len) if len < size => {
                ptr::copy_nonoverlapping(room.as_ptr(), text.cast(), len + 1);
                0
            }
            _ => errno::fail(libc::ENAMETOOLONG),
        }
    }
}
