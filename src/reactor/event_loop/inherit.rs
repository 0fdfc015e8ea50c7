//! Taking over a loop that a child process has inherited through fork(2). Before that, the child shares the
//! loop's kernel objects with the parent: the back end's registrations and the wake-up pair.

use super::signals;
use crate::reactor::event_loop::state::Loop;
use crate::sys::{errno, fd as sys_fd, socket};
use libc::c_int;

impl Loop {
    /// Makes the loop belong to the calling process and thread. Call it on the loop's thread; in a child on the
    /// only thread.
    pub fn reinit(&self) -> Result<(), c_int> {
        // SAFETY: getpid has no preconditions.
        let process = unsafe { libc::getpid() };
        let inherited = self.process.get() != process;
        if !inherited && !self.on_owner() {
            return Err(libc::EPERM);
        }
        if self.depth.get() > 0 || (self.parts.has_threads)(self) {
            return Err(libc::EBUSY);
        }
        self.renew()?;
        if inherited {
            self.process.set(process);
            self.take_over();
            signals::after_fork();
            (self.parts.after_fork)(self);
        }
        self.resync();
        Ok(())
    }

    /// Replaces the back end's data and the wake-up pair by new ones. On failure nothing has changed.
    fn renew(&self) -> Result<(), c_int> {
        let pair = socket::pair()?;
        let fresh = match self.init_back_end() {
            Some(fresh) if !fresh.is_null() => fresh,
            other => {
                let e = other.map_or(libc::ENOTSUP, |_| errno::get());
                pair.into_iter().for_each(sys_fd::close);
                return Err(e);
            }
        };
        self.clear_back_end();
        self.public.event_dispatcher_data.set(fresh);
        self.backend_again.set(true);
        self.renew_pair(pair);
        Ok(())
    }

    /// Gives the new pair the numbers of the old one, which the program may have read.
    fn renew_pair(&self, pair: [c_int; 2]) {
        let old_pair = self.public.socketPair.get();
        for (new, old) in pair.into_iter().zip(old_pair) {
            sys_fd::replace(old, new);
        }
        let identity = sys_fd::identity(old_pair[1]).map_or(0, sys_fd::fold);
        self.change_registration(old_pair[1], |reg| reg.identity = identity);
        if self.shared.wake.raise() {
            self.shared.wake.fall();
        } else {
            // A byte that hadn't been read was in the old pair.
            self.public.wake();
        }
    }
}
