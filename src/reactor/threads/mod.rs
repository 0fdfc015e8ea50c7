//! Threads that run loops, one by one and in pools.

pub mod event_loop_thread;
pub mod hooks;
pub mod thread_pool;
