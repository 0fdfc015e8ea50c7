//! Threads that run loops, alone and in pools.
//!
//! Imports: abi, backend, event_loop, list, log, sys.

pub mod event_loop_thread;
pub mod hooks;
pub mod thread_pool;
