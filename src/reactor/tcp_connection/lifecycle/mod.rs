//! The life of a connection: making it, its turns and time limits, closing and freeing it.

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
