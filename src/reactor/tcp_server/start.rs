//! Starting a server: its threads, its listening sockets, and their channels.

use super::listener::{self, Listener};
use super::phase::{Event, Phase};
use super::{Server, server_events};
use crate::reactor::tcp_connection::settings::Keepalive;
use crate::reactor::threads::thread_pool::Pool;
use crate::sys::address::Address;
use crate::sys::explained::{Lossy, explain};
use crate::sys::{errno, fd as sys_fd, listen, pool, socket};
use libc::c_int;

impl Server {
    /// Starts the server, once.
    pub fn start(&self) -> Result<(), c_int> {
        match self.phase() {
            Phase::New => {}
            Phase::Running => return Err(explain!(libc::EALREADY, "the server runs already")),
            _ => return Err(explain!(libc::ESHUTDOWN, "the server was stopped")),
        }
        // The hooks may free the server.
        let server = self.keep().ok_or(libc::EOVERFLOW)?;
        server.prepare().map_err(|e| server.explain(e))?;
        server.begin()
    }

    /// Starts the server, or makes it accept again if the program has removed its channel from the loop. Failures
    /// are logged.
    pub fn start_or_renew(&self) {
        // The hooks may free the server.
        let server = self.keep().ok_or(libc::EOVERFLOW);
        match server.and_then(|server| server.prepare().map(|()| server)) {
            Err(e) => {
                log_err!("tcp_server_start: {}", errno::Text(e));
                errno::set(e);
            }
            Ok(server) => {
                // A channel that can't be added has already been logged.
                let _ = server.begin();
            }
        }
    }

    /// Names the address with the error.
    fn explain(&self, e: c_int) -> c_int {
        let mut text = [0; 128];
        match self.origin.address().and_then(|address| address.format(&mut text)) {
            Some(len) => explain!(e, "{}: {}", Lossy(&text[..len]), errno::Text(e)),
            None => e,
        }
    }

    /// Starts the threads and makes the sockets listen.
    fn prepare(&self) -> Result<(), c_int> {
        match self.phase() {
            Phase::New if self.acceptor().is_none() => return Err(libc::EINVAL),
            Phase::New | Phase::Running => {}
            _ => return Err(libc::ESHUTDOWN),
        }
        if let Some(pool) = self.threads() {
            pool.set_hooks(self.hooks.get());
            pool.start();
        }
        let own = &self.shared.listeners.own;
        if self.phase() == Phase::Running {
            own.renew(self.acceptor());
            return Ok(());
        }
        if self.reuseport.get() {
            return self.open_shared();
        }
        let fd = self.acceptor().ok_or(libc::EINVAL)?.listen_fd.get();
        if self.origin.shares_port() {
            // Other sockets listen there, and would get some of the clients.
            return Err(libc::EADDRINUSE);
        }
        if !sys_fd::set_nonblocking(fd) {
            return Err(errno::get());
        }
        if self.origin.is_opened() {
            listen::listen(fd)?;
        }
        own.set_socket(fd);
        Ok(())
    }

    /// Opens a listening socket for each thread, or one for the server's own loop if there are no threads.
    fn open_shared(&self) -> Result<(), c_int> {
        let address = self.origin.address().ok_or(libc::ENOTSUP)?;
        let acceptor = self.acceptor().ok_or(libc::EINVAL)?;
        let running = self.threads();
        let threads = running.map_or(0, Pool::running);
        if threads == 0 {
            let fd = open_one(address)?;
            sys_fd::close(acceptor.listen_fd.replace(fd));
            self.shared.listeners.own.set_socket(fd);
            return Ok(());
        }
        let size = threads * size_of::<Listener>();
        let listeners = pool::alloc(size).cast::<Listener>();
        if listeners.is_null() {
            return Err(libc::ENOMEM);
        }
        for i in 0..threads {
            let l = running.and_then(|pool| pool.loop_at(i)).unwrap_or_else(|| self.home());
            let kept = l.keep().ok_or(libc::EOVERFLOW);
            match kept.and_then(|l| open_one(address).map(|fd| (l, fd))) {
                // SAFETY: the block has that many elements, and becomes the server's.
                Ok((l, fd)) => unsafe {
                    listener::init(listeners.add(i), self, l);
                    (*listeners.add(i)).set_socket(fd);
                },
                Err(e) => {
                    // SAFETY: the elements before this one are initialised and belong to this function.
                    unsafe {
                        (0..i).for_each(|i| (*listeners.add(i)).give_up());
                        pool::free(listeners.cast(), size);
                    }
                    return Err(e);
                }
            }
        }
        // SAFETY: the server doesn't run yet, and the block is initialised.
        unsafe { self.shared.listeners.set_others(listeners, threads) };
        // The first socket was needed only to reserve the port.
        let first = self.shared.listeners.others()[0].fd.get();
        sys_fd::close(acceptor.listen_fd.replace(first));
        Ok(())
    }

    /// Lets the loops accept.
    fn begin(&self) -> Result<(), c_int> {
        let life = &self.shared.life;
        let first = life.phase() == Phase::New;
        if first {
            self.set_options();
            if let Some(reserve) = &self.shared.reserve {
                reserve.keep();
            }
            if self.is_own_thread() {
                self.enlist();
            }
            life.advance(Event::Start);
        }
        let listeners = &self.shared.listeners;
        if listeners.others().is_empty() {
            if listeners.own.watch() < 0 {
                if first {
                    life.advance(Event::StartFailed);
                }
                return Err(errno::get());
            }
        } else if first {
            listeners.others().iter().for_each(server_events::add_listener);
        }
        Ok(())
    }

    /// Sets the options of the listening sockets that accepted ones inherit. Sockets other than TCP don't have
    /// them; there are no other errors, because the values have been checked.
    pub fn set_options(&self) {
        let _keep = errno::Keep::new();
        for listener in self.shared.listeners.all().filter(|listener| listener.is_open()) {
            let fd = listener.fd.get();
            if let Some(nodelay) = self.nodelay.get() {
                socket::set_nodelay(fd, nodelay);
            }
            if let Some(Keepalive { idle, interval, count }) = self.keepalive.get() {
                socket::set_keepalive(fd, idle, interval, count);
            }
        }
    }
}

fn open_one(address: &Address) -> Result<c_int, c_int> {
    let fd = listen::bound(address, true)?;
    listen::listen(fd).map(|()| fd).inspect_err(|_| sys_fd::close(fd))
}
