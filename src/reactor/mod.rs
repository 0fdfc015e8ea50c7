//! The reactor: event loops, channels, connections, servers, threads.
//!
//! An object belongs to the thread of its loop. Callbacks re-enter with the same pointers, so no
//! Rust reference to an object that C can see lives across one: everything is a raw place, looked
//! at afresh after each callback.

pub mod acceptor;
pub mod budget;
pub mod buffer;
pub mod channel;
pub mod channel_map;
pub mod client;
pub mod control;
pub mod dispatcher;
pub mod epoll;
pub mod event_loop;
pub mod event_loop_thread;
pub mod in_use;
#[cfg(test)]
#[path = "in_use/tests.rs"]
mod in_use_tests;
pub mod inetaddress;
pub mod inherit;
mod loop_state;
pub mod pass;
pub mod pending;
pub mod poll;
pub mod refs;
#[cfg(test)]
#[path = "refs/tests.rs"]
mod refs_tests;
mod registration;
pub mod registry;
pub mod roster;
pub mod signals;
pub mod tcp_connection;
pub mod tcp_server;
mod teardown;
pub mod thread_pool;
pub mod timers;
pub mod utils;
mod wake_flag;
mod wakeup;
