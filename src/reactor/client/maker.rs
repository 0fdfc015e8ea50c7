//! The functions that a client's connection calls.

use super::{Client, outcome};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::owner::{Header, Maker, Owner};
use std::mem::offset_of;
use std::ptr::NonNull;

/// A connection clears its client when it closes, and a client that is freed removes itself from its connection.
/// So a connection that has a client is open, and the client hasn't been freed.
pub static CLIENT: Maker =
    Maker { look: |_| (), judge: |_| (), closing, left: |_| (), freed: |_| () };

impl Client {
    /// The client as the owner of its connection.
    pub(super) fn owner(&self) -> Owner {
        // SAFETY: the field is in the client, and the pointer is derived from one to the whole client.
        Owner::of(unsafe {
            NonNull::from(self).byte_add(offset_of!(Client, header)).cast::<Header>()
        })
    }

    /// The client that has made a connection.
    fn of_connection(conn: &Connection) -> Option<&Client> {
        let header = conn.owner.get().made_by(&CLIENT)?;
        // SAFETY: only the headers of clients have this table, and the owner of a connection hasn't been freed
        // (`CLIENT`). `owner` stored a pointer that is derived from one to the whole client.
        Some(unsafe { header.byte_sub(offset_of!(Client, header)).cast::<Client>().as_ref() })
    }
}

fn closing(conn: &Connection) {
    if let Some(client) = Client::of_connection(conn) {
        conn.owner.set(Owner::NOBODY);
        outcome::ended(client, conn.has_received());
    }
}
