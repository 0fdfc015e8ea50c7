//! What a client's connection calls in it.

use super::{Client, outcome};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::owner::{Header, Maker, Owner};
use std::mem::offset_of;
use std::ptr::NonNull;

/// The connection lets go of its client as it closes, and a client that is freed takes itself off its connection.
/// So a connection that has a client is open, and a client that a connection has isn't freed.
pub static CLIENT: Maker =
    Maker { look: |_| (), judge: |_| (), closing, left: |_| (), freed: |_| () };

impl Client {
    /// The client as the owner of its connection.
    pub(super) fn owner(&self) -> Owner {
        // SAFETY: the field lies within the client, whose pointer this is one to.
        Owner::of(unsafe {
            NonNull::from(self).byte_add(offset_of!(Client, header)).cast::<Header>()
        })
    }

    /// The client that has made a connection.
    fn of_connection(conn: &Connection) -> Option<&Client> {
        let header = conn.owner.get().made_by(&CLIENT)?;
        // SAFETY: only the headers of clients name this table, and a connection's owner is one that isn't freed
        // (`CLIENT`). `owner` has stored a pointer that is one to all of the client.
        Some(unsafe { header.byte_sub(offset_of!(Client, header)).cast::<Client>().as_ref() })
    }
}

fn closing(conn: &Connection) {
    if let Some(client) = Client::of_connection(conn) {
        conn.owner.set(Owner::NOBODY);
        outcome::ended(client, conn.has_received());
    }
}
