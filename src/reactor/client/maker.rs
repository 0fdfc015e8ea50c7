//! The functions that a client's connection calls.

use super::{Client, outcome};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::maker::{Header, MadeBy, Maker};
use std::mem::offset_of;
use std::ptr::NonNull;

/// A connection clears its client when it closes, and a client that is freed removes itself from its connection.
/// So a connection that has a client is open, and the client hasn't been freed.
pub static CLIENT: Maker =
    Maker { look: |_| (), judge: |_| (), closing, left: |_| (), freed: |_| () };

impl Client {
    /// What a connection has for its maker.
    pub(super) fn made_by(&self) -> MadeBy {
        // SAFETY: the field is in the client, and the pointer is derived from one to the whole client.
        MadeBy::of(unsafe {
            NonNull::from(self).byte_add(offset_of!(Client, header)).cast::<Header>()
        })
    }

    /// The client that has made a connection.
    fn of_connection(conn: &Connection) -> Option<&Client> {
        let header = conn.made_by.get().header_of(&CLIENT)?;
        // SAFETY: only the headers of clients have this table, and the client of a connection hasn't been freed
        // (`CLIENT`). `made_by` stored a pointer that is derived from one to the whole client.
        Some(unsafe { header.byte_sub(offset_of!(Client, header)).cast::<Client>().as_ref() })
    }
}

fn closing(conn: &Connection) {
    if let Some(client) = Client::of_connection(conn) {
        conn.made_by.set(MadeBy::NOBODY);
        outcome::ended(client, conn.has_received());
    }
}
