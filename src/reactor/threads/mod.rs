//! Threads that run loops, alone and in pools. `started` lists the pools of a loop.
//!
//! Imports: abi, backend, event_loop, list, log, sys.

pub mod event_loop_thread;
pub mod hooks;
mod started;
pub mod thread_pool;
