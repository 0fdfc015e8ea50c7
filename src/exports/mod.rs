//! Every function and object that the library exports, with its documentation and the checks of its
//! arguments: one file per header of `include/lib`, `yolanda/` for the parts of `yolanda.h`, and `undeclared`
//! for the functions that old objects may link to although no header declares them. It may
//! import everything, and nothing imports it.
//!
//! The library itself never calls an export: a program may define a function of its own with an exported name.

#![allow(non_snake_case)]

#[macro_use]
mod check;
#[macro_use]
mod jump;

pub mod acceptor;
pub mod buffer;
pub mod channel;
pub mod channel_map;
pub mod common;
pub mod event_loop;
pub mod event_loop_thread;
pub mod http_request;
pub mod http_response;
pub mod http_server;
pub mod inetaddress;
pub mod log;
pub mod tcp_connection;
pub mod tcp_server;
pub mod thread_pool;
pub mod undeclared;
pub mod utils;
mod variadic;
pub mod yolanda;
