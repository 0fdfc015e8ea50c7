//! Freeing a server.

use super::phase::Event;
use super::server_events::{self, ENDED, ENDING, ROOM};
use super::stop::Waiting;
use super::{Server, servers};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::threads::thread_pool::Pool;
use libc::c_int;
use std::ptr::{self, NonNull};

impl Server {
    /// Frees a server. EDEADLK if one of its threads waits for this one; the server then remains.
    ///
    /// # Safety
    /// Called once by the owner, who doesn't use the server after success.
    pub unsafe fn free(server: NonNull<Server>) -> Result<(), c_int> {
        // SAFETY: the owner's reference keeps the server until it is released here.
        unsafe {
            server.as_ref().end()?;
            Server::let_go(server);
        }
        Ok(())
    }

    /// Ends all of the server's work.
    fn end(&self) -> Result<(), c_int> {
        let l = self.home();
        // This comes first, so that threads that are still running accept no more clients.
        let before = self.phase();
        self.shared.life.advance(Event::Free);
        // Each thread closes its part of this server.
        let pool = self.pool.get();
        // SAFETY: the server owns the pool, which is freed only here.
        let freed = NonNull::new(pool.cast()).map_or(Ok(()), |pool| unsafe { Pool::free(pool) });
        if freed.is_err() {
            self.shared.life.restore(before);
            // Connections that closed meanwhile had nobody to tell.
            server_events::notify(l, ENDED | ROOM);
            return Err(libc::EDEADLK);
        }
        self.pool.set(ptr::null_mut());
        if self.public.threadPool.get() == pool {
            self.public.threadPool.set(ptr::null_mut());
        }
        self.take_stop();
        // This comes first, because a listener stays on its loop as long as it has clients.
        self.drop_waiting();
        self.close_sockets(Waiting::Reset);
        self.notify_all(ENDING);
        self.unlist();
        // Only the closed callback is called after this; outside of callbacks that happens now.
        l.while_freeing(|| l.within(|_| l.drain()));
        Ok(())
    }
}

impl Loop {
    /// Frees the servers of the loop, and closes the sockets on which it accepts for others. Must not be called
    /// in a callback.
    pub fn free_servers(&self) {
        while let Some(server) = servers(self).first() {
            // SAFETY: the loop is ending, and so are its servers, which are removed from the list when they are
            // freed.
            if unsafe { Server::free(NonNull::<Server>::from(&*server)) }.is_err() {
                break;
            }
        }
        self.within(|_| self.attend_servers());
        self.close_listeners();
    }

    /// Leaves the socket files of the loop's servers to the parent process.
    pub fn leave_server_files(&self) {
        servers(self).each(|server| server.file.set(None));
    }
}
