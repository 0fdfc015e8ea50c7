//! The server: the exchange of requests and responses on a connection.
//!
//! `protocol` contains the hooks that the reactor calls. `serve` processes a connection's input; `exchange`
//! handles its requests one after the other: each is read (`reading`), `decide` determines who answers and where
//! the body goes, the handler is called (`answer`), and `finish` updates the counters, the deadlines and the
//! access log.

pub mod access_log;
mod answer;
pub mod connection;
mod deadlines;
mod decide;
pub mod deferred;
mod events;
mod exchange;
mod finish;
pub mod make;
mod phase;
mod protocol;
mod rate;
mod reading;
mod refuse;
mod scratch;
mod sending;
mod serve;
pub mod server_settings;
pub mod server_state;
