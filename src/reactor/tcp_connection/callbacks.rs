//! The callbacks in a connection's public fields.

#![forbid(unsafe_code)]

use super::Connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};

/// The four callbacks of a connection.
#[derive(Clone, Copy)]
pub struct Callbacks {
    pub completed: connection_completed_call_back,
    pub closed: connection_closed_call_back,
    pub message: message_call_back,
    pub write_completed: write_completed_call_back,
}

impl Callbacks {
    /// Gives them to a connection.
    pub fn give(&self, conn: &Connection) {
        conn.public.connectionCompletedCallBack.set(self.completed);
        conn.public.connectionClosedCallBack.set(self.closed);
        conn.public.messageCallBack.set(self.message);
        conn.public.writeCompletedCallBack.set(self.write_completed);
    }
}
