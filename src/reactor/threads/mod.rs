//! Threads that run loops, one by one and in pools.
//!
//! Imports: abi, backend, event_loop, list, log, sys.

pub mod event_loop_thread;
pub mod hooks;
mod started;
pub mod thread_pool;
