//! The server: the exchange of requests and responses on a connection.

pub mod access_log;
pub mod connection;
pub mod deadlines;
pub mod deferred;
pub mod exchange;
pub mod head;
pub mod intake;
pub mod later;
pub mod make;
pub mod protocol;
pub mod rate;
pub mod refuse;
pub mod scratch;
pub mod sending;
pub mod server_settings;
pub mod server_state;
pub mod upload_reading;
