//! The functions of a program that are called on the threads of a pool.

use crate::abi::types::yolanda_loop_callback;
use crate::reactor::event_loop::state::Loop;
use libc::c_void;
use std::ptr;

#[derive(Clone, Copy)]
pub struct Hooks {
    /// Called before the thread's loop runs.
    pub on_start: yolanda_loop_callback,
    /// Called after the loop has ended.
    pub on_stop: yolanda_loop_callback,
    pub data: *mut c_void,
}

impl Hooks {
    pub const NONE: Hooks = Hooks { on_start: None, on_stop: None, data: ptr::null_mut() };

    /// Calls `on_start`. Like the other function, on the loop's thread.
    pub fn starts(&self, l: &Loop) {
        self.call(self.on_start, l);
    }

    pub fn stops(&self, l: &Loop) {
        self.call(self.on_stop, l);
    }

    fn call(&self, callback: yolanda_loop_callback, l: &Loop) {
        if let Some(callback) = callback {
            // SAFETY: the program set the function together with this data, for the threads of its server.
            l.guarded(|| unsafe {
                callback(l.as_c(), self.data);
            });
        }
    }
}
