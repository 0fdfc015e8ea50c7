use crate::abi::event_loop::event_loop;
use crate::abi::event_loop_thread::event_loop_thread;
use core::cell::Cell;
use core::ffi::c_int;

/// Threads with a loop each, which take turns. From thread_pool_new(); the library keeps more behind
/// these fields.
#[repr(C)]
pub struct thread_pool {
    /// The loop that hands out work, and takes it itself where there are no threads.
    pub mainLoop: Cell<*mut event_loop>,
    /// Non-zero once thread_pool_start() was called.
    pub started: Cell<c_int>,
    /// How many threads there are.
    pub thread_number: Cell<c_int>,
    /// The threads, `thread_number` of them.
    pub eventLoopThreads: Cell<*mut event_loop_thread>,
    /// Whose turn is next.
    pub position: Cell<c_int>,
}

assert_layout!(thread_pool, 32;
    mainLoop: 0, 8;
    started: 8, 4;
    thread_number: 12, 4;
    eventLoopThreads: 16, 8;
    position: 24, 4;
);
