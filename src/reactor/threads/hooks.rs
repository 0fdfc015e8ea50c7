//! What a program has called on the threads of a pool.

use crate::abi::types::yolanda_loop_callback;
use crate::reactor::event_loop::state::Loop;
use libc::c_void;
use std::ptr;

#[derive(Clone, Copy)]
pub struct Hooks {
    /// Before the thread's loop runs.
    pub on_start: yolanda_loop_callback,
    /// After it has ended.
    pub on_stop: yolanda_loop_callback,
    pub data: *mut c_void,
}

impl Hooks {
    pub const NONE: Hooks = Hooks { on_start: None, on_stop: None, data: ptr::null_mut() };

    /// On the loop's thread, as the other.
    pub fn starts(&self, l: &Loop) {
        self.call(self.on_start, l);
    }

    pub fn stops(&self, l: &Loop) {
        self.call(self.on_stop, l);
    }

    fn call(&self, callback: yolanda_loop_callback, l: &Loop) {
        if let Some(callback) = callback {
            // SAFETY: the program gave the function with this data, for the threads of its server.
            l.guarded(|| unsafe {
                callback(l.as_c(), self.data);
            });
        }
    }
}
