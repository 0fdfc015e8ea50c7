//! The functions that a server's connections call.

use super::Server;
use super::drain;
use crate::reactor::kept::Kept;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::maker::{Header, MadeBy, Maker};
use std::mem::offset_of;
use std::ptr::NonNull;

pub static SERVER: Maker =
    Maker { look: drain::look, judge: drain::judge, closing: |_| (), left, freed };

/// What a connection has for its maker. It takes over the reference to its server.
pub fn made_by(server: Kept<Server>) -> MadeBy {
    // SAFETY: the reference keeps the server until `freed`, and the pointer is derived from one to the whole
    // server.
    unsafe { MadeBy::of(server.into_raw().byte_add(offset_of!(Server, header)).cast()) }
}

/// The server that has made a connection.
pub fn server_of(conn: &Connection) -> Option<&Server> {
    let header = conn.made_by.get().header_of(&SERVER)?;
    // SAFETY: only the headers of servers have this table, and the connection keeps its server.
    Some(unsafe { whole(header).as_ref() })
}

/// # Safety
/// `header` is a server's, derived from a pointer to the whole server.
unsafe fn whole(header: NonNull<Header>) -> NonNull<Server> {
    // SAFETY: by contract the header is at this offset from the server's beginning.
    unsafe { header.byte_sub(offset_of!(Server, header)).cast() }
}

fn left(conn: &Connection) {
    if let Some(server) = server_of(conn) {
        server.shared.left();
    }
}

unsafe fn freed(header: NonNull<Header>) {
    // SAFETY: `made_by` passed this reference to the connection, and a connection is freed once.
    drop(unsafe { Kept::from_raw(whole(header)) });
}
