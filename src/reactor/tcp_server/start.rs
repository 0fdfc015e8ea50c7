//! Starting: the threads, the listening sockets, their channels.

use super::listener;
use super::{NEW, RUNNING, Server, absent, enlist, limit, of, server_events, usable};
use crate::abi::types::{TCPserver, event_loop};
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::tcp_connection::settings::Keepalive;
use crate::reactor::tcp_server::listener::Listener;
use crate::reactor::threads::thread_pool;
use crate::reactor::threads::thread_pool::thread_pool_start;
use crate::sys::address::Address;
use crate::sys::{errno, fd as sys_fd, listen, pool, socket};
use libc::c_int;
use std::sync::atomic::Ordering::SeqCst;

pub unsafe extern "C-unwind" fn yolanda_server_start(server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server; the reference keeps it across the hooks.
    unsafe {
        if usable("yolanda_server_start", server) < 0 {
            return -1;
        }
        let own = of(server);
        match (*own).state.load(SeqCst) {
            NEW => {}
            RUNNING => return errno::fail(libc::EALREADY),
            _ => return errno::fail(libc::ESHUTDOWN),
        }
        limit::hold(own);
        let done = prepare(own).and_then(|()| begin(own));
        limit::release(own);
        done.map_or_else(errno::fail, |()| 0)
    }
}

pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    if absent("tcp_server_start", tcpServer) {
        return;
    }
    let server = of(tcpServer);
    // SAFETY: a live server.
    unsafe {
        limit::hold(server);
        if let Err(e) = prepare(server) {
            log_err!("tcp_server_start: {}", errno::Text(e));
            errno::set(e);
        } else {
            // A channel that can't be added says so itself.
            let _ = begin(server);
        }
        limit::release(server);
    }
}

/// Starts the threads and has the sockets listen.
unsafe fn prepare(server: *mut Server) -> Result<(), c_int> {
    // SAFETY: a live server; its public fields are read here, where they are used.
    unsafe {
        let public = &raw mut (*server).public;
        match (*server).state.load(SeqCst) {
            NEW if (*public).acceptor.get().is_null() => return Err(libc::EINVAL),
            NEW | RUNNING => {}
            _ => return Err(libc::ESHUTDOWN),
        }
        let pool = (*public).threadPool.get();
        if !pool.is_null() {
            thread_pool::set_hooks(pool, (*server).hooks.get());
            thread_pool_start(pool);
        }
        if (*server).state.load(SeqCst) == RUNNING {
            listener::renew(&raw mut (*server).listener, (*public).acceptor.get());
            return Ok(());
        }
        if (*server).reuseport.get() {
            return open_shared(server);
        }
        let fd = (*(*public).acceptor.get()).listen_fd.get();
        if (*server).shares_port.get() {
            // Other sockets listen there, which would get some of the clients.
            return Err(libc::EADDRINUSE);
        }
        if !sys_fd::set_nonblocking(fd) {
            return Err(errno::get());
        }
        if (*server).owns_socket.get() {
            listen::listen(fd)?;
        }
        listener::set_socket(&raw mut (*server).listener, fd);
        Ok(())
    }
}

/// Opens a listening socket for each thread, or one for the server's own loop where there are none.
unsafe fn open_shared(server: *mut Server) -> Result<(), c_int> {
    // SAFETY: a server that isn't running; the new listeners are nobody else's until it does.
    unsafe {
        let Some(address) = (*server).address else {
            return Err(libc::ENOTSUP);
        };
        let acceptor = (*server).public.acceptor.get();
        let threads = thread_pool::running((*server).public.threadPool.get());
        if threads == 0 {
            let fd = open_one(&address)?;
            sys_fd::close((*acceptor).listen_fd.replace(fd));
            listener::set_socket(&raw mut (*server).listener, fd);
            return Ok(());
        }
        let size = threads * size_of::<Listener>();
        let listeners = pool::alloc(size).cast::<Listener>();
        if listeners.is_null() {
            return Err(libc::ENOMEM);
        }
        for i in 0..threads {
            let at = listeners.add(i);
            let l: *mut event_loop = thread_pool::loop_at((*server).public.threadPool.get(), i);
            listener::init(at, server, l);
            match open_one(&address) {
                Ok(fd) => listener::set_socket(at, fd),
                Err(e) => {
                    (0..=i).for_each(|i| listener::give_up(listeners.add(i)));
                    pool::free(listeners.cast(), size);
                    return Err(e);
                }
            }
        }
        // The first socket only kept the port until here.
        sys_fd::close((*acceptor).listen_fd.replace((*listeners).fd.get()));
        (*server).others.set(listeners);
        (*server).others_len.set(threads);
        Ok(())
    }
}

fn open_one(address: &Address) -> Result<c_int, c_int> {
    let fd = listen::bound(address, true)?;
    listen::listen(fd).map(|()| fd).inspect_err(|_| sys_fd::close(fd))
}

/// Lets the loops accept.
unsafe fn begin(server: *mut Server) -> Result<(), c_int> {
    // SAFETY: a live server whose sockets listen.
    unsafe {
        let l = (*server).public.eventLoop.get();
        let first = (*server).state.load(SeqCst) == NEW;
        if first {
            set_options(server);
            if (*server).turns_away.get() {
                (*server).reserve.keep();
            }
            if on_owner(l) && !(*server).listed.get() {
                enlist(server);
            }
            (*server).state.store(RUNNING, SeqCst);
        }
        if (*server).others.get().is_null() {
            if listener::watch(&raw mut (*server).listener) < 0 {
                if first {
                    (*server).state.store(NEW, SeqCst);
                }
                return Err(errno::get());
            }
        } else if first {
            for i in 0..(*server).others_len.get() {
                server_events::send((*server).others.get().add(i));
            }
        }
        Ok(())
    }
}

/// Gives the listening sockets the options that accepted ones inherit. What isn't TCP has none, which is
/// all that can go wrong with values that were checked.
pub unsafe fn set_options(server: *mut Server) {
    let _keep = errno::Keep::new();
    // SAFETY: a live server on its loop's thread.
    unsafe {
        let nodelay = (*server).nodelay.get();
        let keepalive = (*server).keepalive.get();
        let set = |listener: *mut Listener| {
            if listener::is_open(listener) {
                let fd = (*listener).fd.get();
                if let Some(nodelay) = nodelay {
                    socket::set_nodelay(fd, nodelay);
                }
                if let Some(Keepalive { idle, interval, count }) = keepalive {
                    socket::set_keepalive(fd, idle, interval, count);
                }
            }
        };
        set(&raw mut (*server).listener);
        for i in 0..(*server).others_len.get() {
            set((*server).others.get().add(i));
        }
    }
}
