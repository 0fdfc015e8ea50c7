//! The reactor: event loops, channels, connections, servers, threads.
//!
//! An object belongs to the thread of its loop. Callbacks may call the library again with the same pointers. Other
//! threads use a connection or a loop as `Remote` or `RemoteLoop`.
//!
//! Imports: abi, common, sys.

pub mod acceptor;
pub mod backend;
pub mod buffer;
pub mod client;
pub mod event_loop;
pub mod kept;
pub mod list;
pub mod parts;
pub mod tcp_connection;
pub mod tcp_server;
pub mod threads;
