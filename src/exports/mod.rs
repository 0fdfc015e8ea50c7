//! All exported functions and objects, with their documentation and the checks of their arguments:
//! one file per header of `include/lib`, `yolanda/` for `yolanda.h`, and `undeclared` for functions
//! that old object files may link to although no header declares them. No other folder imports this
//! one.
//!
//! The library itself never calls an export, because a program may define its own function of the
//! same name.
//!
//! Imports: abi, common, http, log, reactor, sync, sys.

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
