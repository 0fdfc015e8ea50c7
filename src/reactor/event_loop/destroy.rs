//! The functions with which a program frees the data of its callbacks.

use crate::abi::types::Destroy;
use crate::reactor::event_loop::state::Loop;
use libc::c_void;

impl Loop {
    /// Calls the function, if there is one, on the loop's thread. It may use the library, but can't free the loop.
    pub fn destroy(&self, destroy: Destroy, data: *mut c_void) {
        if let Some(destroy) = destroy {
            // SAFETY: the program passed the function for this data, and gets the data back by this call. Callers
            // have removed both from the object whose data it was.
            self.guarded(|| unsafe { destroy(data) });
        }
    }
}
