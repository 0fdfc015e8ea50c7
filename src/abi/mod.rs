//! The C types: structs, callbacks, constants, and the layout that compiled programs rely on. One
//! file per header of `include/lib`, and `yolanda/` for `yolanda.h`. The doc comments become comments
//! of the headers, so they address C programmers.
//!
//! Imports: nothing of ours.

#![allow(non_camel_case_types, non_snake_case)]

#[macro_use]
mod layout;

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
pub mod tcp_connection;
pub mod tcp_server;
pub mod thread_pool;
pub mod types;
pub mod yolanda;
