//! HTTP/1.1 on top of the reactor. Reading and writing messages is safe code on slices (`wire`); the objects that
//! C sees and the server drive it.
//!
//! Imports: abi, log, reactor, sync, sys.

pub mod access;
pub mod files;
pub mod message;
pub mod route;
pub mod server;
pub mod wire;
