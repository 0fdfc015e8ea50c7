//! The C surface: one file per header of `include/lib`, with the same stem, and `undeclared` for the
//! functions that old objects may link to although no header declares them.
//!
//! A file holds the types that C sees, their layout assertions and the exports. The doc comments
//! land in the headers, so they speak to the C reader. An export only jumps to the function of the
//! same name in `reactor`, `http`, `log` or `common`; the library itself calls those, never an
//! export: a program may define a function of its own with an exported name.

#![allow(non_camel_case_types, non_snake_case)]

#[macro_use]
mod layout;
#[macro_use]
mod jump;

pub mod acceptor;
pub mod buffer;
pub mod channel;
pub mod channel_map;
pub mod common;
pub mod event_dispatcher;
pub mod event_loop;
pub mod event_loop_thread;
pub mod http_request;
pub mod http_response;
pub mod http_server;
pub mod inetaddress;
pub mod log;
mod poll_default;
pub mod tcp_connection;
pub mod tcp_server;
pub mod thread_pool;
pub mod types;
pub mod undeclared;
pub mod utils;
mod variadic;
pub mod yolanda;
