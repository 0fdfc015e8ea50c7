//! HTTP/1.1 on top of the reactor. Parsing and encoding messages is safe code on slices (`wire`). The server and
//! the objects that C sees use it.
//!
//! Imports: abi, log, reactor, sync, sys.

pub mod access;
pub mod files;
pub mod message;
pub mod route;
pub mod server;
pub mod wire;
