//! The end of a loop: its objects are closed and freed in the order of their dependencies. Its memory remains
//! until nothing refers to it.

use super::registry;
use crate::reactor::event_loop::state::Loop;
use crate::sys::{fd as sys_fd, pool};
use std::ptr::{self, NonNull};

/// The maximum number of rounds of closing, so that callbacks that always post or open something can't prevent
/// the end.
const ROUNDS: u32 = 10;

impl Loop {
    /// Frees a loop. Posted tasks are still run, and connections get their closed callbacks.
    ///
    /// # Safety
    /// Called once, on the loop's thread outside of its callbacks, or on any thread after that one has ended.
    pub unsafe fn free(l: NonNull<Loop>) {
        // SAFETY: the owner's reference keeps the loop, and isn't released before the end of this function.
        let own = unsafe { l.as_ref() };
        own.take_over();
        own.finish();
        own.forget_channels();
        own.forget_signals();
        own.free_attachment();
        own.release_parts();
        // SAFETY: by contract the caller frees the loop once, and so releases the owner's reference once.
        unsafe { Loop::give_up(l) };
    }

    /// Ends the loop's work: its servers and their threads, posted tasks, its connections, its clients.
    /// Afterwards nothing can be posted. Must not be called in a callback.
    pub fn finish(&self) {
        self.while_freeing(|| self.end_all());
    }

    fn end_all(&self) {
        (self.parts.free_servers)(self);
        self.refuse_posts_of_others();
        for _ in 0..ROUNDS {
            if !self.end_round() {
                (self.parts.free_clients)(self);
                if self.destroy_data() {
                    continue;
                }
                if self.shut_posts_if_empty() {
                    return;
                }
            }
        }
        self.shut_posts();
        self.destroy_data();
        // Tasks that were accepted until then are run, too.
        while self.end_round() {}
        (self.parts.free_clients)(self);
    }

    /// Runs queued tasks and closes connections. Returns whether there were any.
    fn end_round(&self) -> bool {
        let some = self.within(|_| {
            self.run_posts();
            (self.parts.close_connections)(self)
        });
        self.within(|iteration| (self.parts.forget_waiting)(iteration));
        some
    }

    /// Ends the timers and the watchers of signals whose data is to be destroyed. Returns whether there were any.
    fn destroy_data(&self) -> bool {
        self.end_timers_with_destroy() | self.end_signals_with_destroy()
    }

    /// Removes the program's channels, which still belong to the program.
    fn forget_channels(&self) {
        for fd in 0..self.channels().nentries.get() {
            if let Some(ch) = self.channel_at(fd) {
                registry::leave_channel(fd, ptr::from_ref(ch).cast_mut());
            }
        }
    }

    /// Frees everything of a loop except its own memory. Only the wake-up channel may be registered, and nothing
    /// uses the loop.
    pub fn release_parts(&self) {
        self.clear_back_end();
        for fd in self.public.socketPair.replace([-1, -1]) {
            if fd >= 0 {
                registry::leave_channel(fd, ptr::from_ref(&self.wake_channel).cast_mut());
                sys_fd::close(fd);
            }
        }
        self.registrations.clear();
        let block = self.shared_read_buffer.replace(ptr::null_mut());
        if !block.is_null() {
            // SAFETY: the block belongs to the loop, and no callback to which it could be lent is running.
            unsafe { pool::run_free(block, 0) };
        }
        (self.parts.free_shared)(self);
        self.timers.clear();
        self.taken.posters.clear();
        self.roster.clear();
        self.clients.clear();
        let map = self.map.entries.replace(ptr::null_mut());
        self.map.nentries.set(0);
        // SAFETY: the arrays come from calloc(3), and nothing points into them.
        unsafe {
            libc::free(map.cast());
            self.outgrown
                .iter()
                .for_each(|table| libc::free(table.replace(ptr::null_mut()).cast()));
        }
    }
}
