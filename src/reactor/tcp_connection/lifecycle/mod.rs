//! From the first registration of a connection to its last byte and its end.

pub mod close;
pub mod close_request;
pub mod completed;
pub mod open;
pub mod overdue;
pub mod phase;
pub mod ready;
pub mod register;
pub mod shutdown;
pub mod timeouts;
pub mod turn;
