//! The end of a server.

use super::life::Event;
use super::server_events::{self, ENDED, ENDING, ROOM};
use super::stop::Waiting;
use super::{Server, servers};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::threads::thread_pool::Pool;
use libc::c_int;
use std::ptr::{self, NonNull};

impl Server {
    /// Frees a server. EDEADLK when one of its threads waits for this one: it stays then.
    ///
    /// # Safety
    /// Once, by the owner, who doesn't use the server any more where that succeeds.
    pub unsafe fn free(server: NonNull<Server>) -> Result<(), c_int> {
        // SAFETY: the owner's reference keeps the server until it is let go here.
        unsafe {
            server.as_ref().end()?;
            Server::let_go(server);
        }
        Ok(())
    }

    /// Ends all that the server does.
    fn end(&self) -> Result<(), c_int> {
        let l = self.home();
        // First: threads that haven't ended yet accept no more.
        let before = self.life();
        self.shared.state.advance(Event::Free);
        // Each thread closes what it has of this server.
        let pool = self.pool.get();
        // SAFETY: the server's own pool, which is freed here and nowhere else.
        let freed = NonNull::new(pool.cast()).map_or(Ok(()), |pool| unsafe { Pool::free(pool) });
        if freed.is_err() {
            self.shared.state.restore(before);
            // Connections that closed meanwhile found nobody to tell.
            server_events::call(l, ENDED | ROOM);
            return Err(libc::EDEADLK);
        }
        self.pool.set(ptr::null_mut());
        if self.public.threadPool.get() == pool {
            self.public.threadPool.set(ptr::null_mut());
        }
        self.take_stop();
        // First: a listener stays on its loop as long as it has clients.
        self.drop_waiting();
        self.close_sockets(Waiting::Reset);
        self.call_all(ENDING);
        self.unlist();
        // No more callbacks but the closed one; outside of callbacks that comes now.
        l.while_freeing(|| l.within(|_| l.drain()));
        Ok(())
    }
}

impl Loop {
    /// Frees the servers of the loop, and closes the sockets on which it accepts for others. Outside of its callbacks.
    pub fn free_servers(&self) {
        while let Some(server) = servers(self).first() {
            // SAFETY: the loop's end is that of its servers, which leave the list as they are freed.
            if unsafe { Server::free(NonNull::<Server>::from(&*server)) }.is_err() {
                break;
            }
        }
        self.within(|_| self.attend_servers());
        self.close_listeners();
    }

    /// The files of unix sockets of the loop's servers aren't theirs to remove.
    pub fn leave_server_files(&self) {
        servers(self).each(|server| server.file.set(None));
    }
}
