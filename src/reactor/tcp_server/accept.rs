//! Turning clients into connections.

use super::listener;
use super::server_events;
use super::{RUNNING, STOPPING, Server, limit, maker};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::{budget, registration};
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::settings;
use crate::reactor::tcp_server::listener::Listener;
use crate::reactor::tcp_server::reserve::Turned;
use crate::reactor::tcp_server::server_events::ENDED;
use crate::reactor::threads::thread_pool::thread_pool_get_loop;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

/// Connections taken per pass: the rest stays in the kernel's queue for the next.
const BATCH: u32 = 256;

/// The read callback of a listening channel.
pub unsafe extern "C-unwind" fn on_acceptable(data: *mut c_void) -> c_int {
    let listener = data.cast::<Listener>();
    // SAFETY: the channel's data is its listener, which the reference keeps across the callbacks.
    unsafe {
        let server = (*listener).server.get();
        limit::hold(server);
        listener::enlist(listener);
        // Before the server's state is looked at, so that who stops it sees either this or no client.
        let nested = (*listener).accepting.swap(true, SeqCst);
        for _ in 0..BATCH {
            if !accept_one(listener) || budget::is_spent_now((*listener).l.get()) {
                break;
            }
        }
        (*listener).accepting.store(nested, SeqCst);
        if !runs(server) {
            server_events::call((*server).listener.l.get(), ENDED);
        }
        limit::release(server);
    }
    0
}

/// Takes the next client. False when there is none to be had now.
unsafe fn accept_one(listener: *mut Listener) -> bool {
    // SAFETY: a live listener, which callbacks may have closed.
    unsafe {
        let server = (*listener).server.get();
        let fd = (*listener).channel.fd.get();
        if fd < 0 || !runs(server) {
            return false;
        }
        let Some(place) = limit::take_place(server) else {
            listener::wait_for_room(listener);
            return !(*listener).full.get();
        };
        let client = sys_fd::accept(fd);
        if client < 0 {
            let e = errno::get();
            place.give_back(server);
            return failed(listener, e);
        }
        place.keep(server);
        if !matches!((*server).state.load(SeqCst), RUNNING | STOPPING) {
            // Another thread has ended the server meanwhile.
            sys_fd::close(client);
            limit::left(server);
            return false;
        }
        (*listener).complained.set(false);
        (*listener).failures.set(0);
        if (*server).turns_away.get() && !keeps_reserve(server) {
            // It took the reserve of another thread, or the last descriptor.
            sys_fd::close(client);
            limit::left(server);
            keeps_reserve(server);
            return true;
        }
        serve(listener, client);
        true
    }
}

/// Whether the server takes clients.
unsafe fn runs(server: *mut Server) -> bool {
    // SAFETY: a live server.
    unsafe { (*server).state.load(SeqCst) == RUNNING }
}

/// Makes up for a reserve that was lost. False where there is none to be had.
unsafe fn keeps_reserve(server: *mut Server) -> bool {
    // SAFETY: a live server.
    unsafe {
        let kept = (*server).reserve.keep();
        give_up_after_end(server);
        kept
    }
}

/// Turns the next client away for want of descriptors.
unsafe fn turn_away(listener: *mut Listener) -> Turned {
    // SAFETY: a live listener on its loop's thread.
    unsafe {
        let server = (*listener).server.get();
        if !(*server).turns_away.get() {
            return Turned::Failed;
        }
        let turned = (*server).reserve.turn_away((*listener).channel.fd.get());
        give_up_after_end(server);
        turned
    }
}

/// Gives the reserve up again where the server has ended meanwhile, which gave up what was there then.
unsafe fn give_up_after_end(server: *mut Server) {
    // SAFETY: a live server.
    unsafe {
        if !runs(server) {
            (*server).reserve.give_up();
        }
    }
}

/// Whether to go on after a failed accept(2).
unsafe fn failed(listener: *mut Listener, e: c_int) -> bool {
    // SAFETY: a live listener on its loop's thread.
    unsafe {
        let fd = (*listener).channel.fd.get();
        match e {
            libc::EAGAIN => {
                (*listener).failures.set(0);
                return false;
            }
            // Who ends the server shuts the socket.
            _ if !runs((*listener).server.get()) => return false,
            libc::EMFILE | libc::ENFILE => {
                complain(listener, e);
                match turn_away(listener) {
                    Turned::Client => return true,
                    Turned::Nobody => return false,
                    Turned::Failed => (),
                }
            }
            // What went wrong with one client is no reason to turn the next away (accept(2)).
            libc::EINTR
            | libc::ECONNABORTED
            | libc::EPROTO
            | libc::ENETDOWN
            | libc::ENOPROTOOPT
            | libc::EHOSTDOWN
            | libc::ENONET
            | libc::EHOSTUNREACH
            | libc::EOPNOTSUPP
            | libc::ENETUNREACH
            | libc::ETIMEDOUT => {
                (*listener).failures.set((*listener).failures.get() + 1);
                if (*listener).failures.get() < BATCH {
                    return true;
                }
                complain(listener, e);
            }
            // It isn't a listening socket any more.
            libc::EBADF | libc::ENOTSOCK | libc::EINVAL => {
                log_err!("accept failed, socket == {}: {}", fd, errno::Text(e));
                registration::remove((*listener).l.get(), fd, &raw mut (*listener).channel);
                return false;
            }
            // Out of memory, or something forbids it (EACCES, EPERM): that may pass.
            e => complain(listener, e),
        }
        (*listener).failures.set(0);
        listener::rest(listener);
        false
    }
}

/// Says once why nobody is accepted, until somebody is.
unsafe fn complain(listener: *mut Listener, e: c_int) {
    // SAFETY: a live listener on its loop's thread.
    unsafe {
        if !(*listener).complained.replace(true) {
            log_err!("can't accept on socket {}: {}", (*listener).channel.fd.get(), errno::Text(e));
        }
    }
}

/// The loop that a new connection gets.
unsafe fn choose(listener: *mut Listener) -> *mut event_loop {
    // SAFETY: a live listener on its loop's thread.
    unsafe {
        let server = (*listener).server.get();
        if listener != &raw mut (*server).listener {
            // A socket per thread: clients stay where they came.
            return (*listener).l.get();
        }
        let pool = (*server).public.threadPool.get();
        let l = if pool.is_null() { ptr::null_mut() } else { thread_pool_get_loop(pool) };
        if l.is_null() { (*server).public.eventLoop.get() } else { l }
    }
}

/// Makes a connection of an accepted client, whose place is taken.
///
/// # Safety
/// A listener of a live server, on its loop's thread; the reference of the caller keeps both.
pub unsafe fn serve(listener: *mut Listener, fd: c_int) {
    // SAFETY: a live server; each public field is read here, where it is used.
    unsafe {
        let server = (*listener).server.get();
        let public = &raw mut (*server).public;
        log_msg!("new connection established, socket == {}", fd);
        let conn = tcp_connection::create(
            fd,
            choose(listener),
            (*public).data.get(),
            (*listener).kind.get(),
        );
        if conn.is_null() {
            return discard(server, fd);
        }
        (*conn).public.connectionCompletedCallBack.set((*public).connectionCompletedCallBack.get());
        (*conn).public.messageCallBack.set((*public).messageCallBack.get());
        (*conn).public.writeCompletedCallBack.set((*public).writeCompletedCallBack.get());
        (*conn).public.connectionClosedCallBack.set((*public).connectionClosedCallBack.get());
        let given = *(*server).settings.lock();
        if !settings::apply(&*conn, &given) {
            tcp_connection::discard(conn);
            return discard(server, fd);
        }
        limit::hold(server);
        (*conn).owner.set(maker::owner(server));
        if !tcp_connection::hand_over(conn, true) {
            tcp_connection::discard(conn);
            discard(server, fd);
        }
    }
}

/// Ends a client of a server that is stopping without a word, but in order: without callbacks the bytes
/// that came are read and dropped, and the connection ends as those do on which nothing waits.
///
/// # Safety
/// As `serve`; the client is counted.
pub unsafe fn refuse(listener: *mut Listener, fd: c_int) {
    // SAFETY: the caller's reference keeps the server; the connection is nobody else's until it is handed over.
    unsafe {
        let server = (*listener).server.get();
        let conn = tcp_connection::create(
            fd,
            (*listener).l.get(),
            ptr::null_mut(),
            (*listener).kind.get(),
        );
        if conn.is_null() {
            return discard(server, fd);
        }
        limit::hold(server);
        (*conn).owner.set(maker::owner(server));
        if !tcp_connection::hand_over(conn, true) {
            tcp_connection::discard(conn);
            discard(server, fd);
        }
    }
}

unsafe fn discard(server: *mut Server, fd: c_int) {
    log_err!("no memory for the connection on socket {}", fd);
    sys_fd::close(fd);
    // SAFETY: a live server, whose place the client had.
    unsafe { limit::left(server) };
}
