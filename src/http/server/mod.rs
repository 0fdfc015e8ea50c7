//! The server: the exchange of requests and responses on a connection.
//!
//! `protocol` is what the reactor calls. `exchange` reads a connection's requests one after the other (`reading`), has
//! it decided who answers and where the body goes (`decide`), calls the handler (`answer`), and ends each exchange in
//! `finish`: counters, deadlines and the access log.

pub mod access_log;
mod answer;
pub mod connection;
mod deadlines;
mod decide;
pub mod deferred;
mod events;
mod exchange;
mod finish;
pub mod later;
pub mod make;
mod phase;
mod protocol;
mod rate;
mod reading;
mod refuse;
mod scratch;
mod sending;
pub mod server_settings;
pub mod server_state;
