//! What a server's connections call in it.

use super::{Server, drain, limit};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::owner::{Header, Maker, Owner};
use std::mem::offset_of;
use std::ptr::NonNull;

pub static SERVER: Maker =
    Maker { look: drain::look, judge: drain::judge, closing: |_| (), left, freed };

/// A server as the owner of a connection.
///
/// # Safety
/// The caller's reference to the server passes to the connection.
pub unsafe fn owner(server: *mut Server) -> Owner {
    // SAFETY: the reference keeps the server until `freed`; the pointer is one to all of the server.
    unsafe { Owner::of(NonNull::new_unchecked(&raw mut (*server).header)) }
}

/// The server that has made a connection.
pub fn server_of(conn: &Connection) -> Option<&Server> {
    let header = conn.owner.get().made_by(&SERVER)?;
    // SAFETY: only the headers of servers name this table, and the connection keeps its server.
    Some(unsafe { whole(header).as_ref() })
}

/// # Safety
/// A server's header, by a pointer to all of the server.
unsafe fn whole(header: NonNull<Header>) -> NonNull<Server> {
    // SAFETY: the header lies so many bytes behind the server's begin.
    unsafe { header.byte_sub(offset_of!(Server, header)).cast() }
}

fn left(conn: &Connection) {
    if let Some(server) = server_of(conn) {
        // SAFETY: the connection keeps its server.
        unsafe { limit::left(std::ptr::from_ref(server).cast_mut()) };
    }
}

unsafe fn freed(header: NonNull<Header>) {
    // SAFETY: the connection's reference is given back, once.
    unsafe { limit::release(whole(header).as_ptr()) };
}
