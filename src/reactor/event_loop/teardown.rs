//! The end of a loop: what it has is closed and freed, in the order in which things depend on each
//! other. Its memory stays until nobody refers to it any more.

use super::registry;
use crate::reactor::event_loop::state::Loop;
use std::ptr::{self, NonNull};

/// Rounds of closing: who always posts or opens something new doesn't keep a loop for ever.
const ROUNDS: u32 = 10;

impl Loop {
    /// Frees a loop. What was posted is still run, and connections get their closed callbacks.
    ///
    /// # Safety
    /// The loop's thread, outside of its callbacks, or any thread once that one has ended. Once.
    pub unsafe fn free(l: NonNull<Loop>) {
        // SAFETY: the owner's reference keeps the loop, and isn't given up before the end.
        let own = unsafe { l.as_ref() };
        own.take_over();
        own.finish();
        own.forget_channels();
        own.forget_signals();
        own.free_attachment();
        own.release_parts();
        // SAFETY: the caller frees the loop once, by its promise, and so gives the owner's reference up once.
        unsafe { Loop::give_up(l) };
    }

    /// Ends what a loop does: its servers and their threads, what was posted, its connections, its
    /// clients. Nothing can be posted afterwards. Outside of callbacks.
    pub fn finish(&self) {
        self.while_freeing(|| self.end_all());
    }

    fn end_all(&self) {
        (self.parts.free_servers)(self);
        self.refuse_posts_of_others();
        for _ in 0..ROUNDS {
            if !self.end_round() {
                (self.parts.free_clients)(self);
                if self.shut_posts_if_empty() {
                    return;
                }
            }
        }
        self.shut_posts();
        // What was accepted until then is run, too.
        while self.end_round() {}
        (self.parts.free_clients)(self);
    }

    /// Runs what is queued and closes connections; whether there were any.
    fn end_round(&self) -> bool {
        let some = self.within(|_| {
            self.run_posts();
            (self.parts.close_connections)(self)
        });
        self.within(|iteration| (self.parts.forget_waiting)(iteration));
        some
    }

    /// Forgets the program's channels, which stay the program's.
    fn forget_channels(&self) {
        for fd in 0..self.channels().nentries.get() {
            if let Some(ch) = self.channel_at(fd) {
                registry::leave_channel(fd, ptr::from_ref(ch).cast_mut());
            }
        }
    }
}
