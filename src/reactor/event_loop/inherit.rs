//! A loop that a child process has inherited through fork(2) and makes its own: what the kernel keeps for
//! a loop is shared with the parent until then, the back end's registrations and the wake-up pair.

use super::{signals, wakeup};
use crate::abi::types::event_loop;
use crate::reactor::backend;
use crate::reactor::event_loop::create::absent;
use crate::reactor::event_loop::owner::{on_owner, take_over};
use crate::reactor::event_loop::state::{of, registration};
use crate::reactor::threads::thread_pool;
use crate::reactor::{tcp_connection, tcp_server};
use crate::sys::{errno, fd as sys_fd, socket};
use libc::c_int;

pub unsafe extern "C-unwind" fn yolanda_loop_reinit(eventLoop: *mut event_loop) -> c_int {
    if absent("yolanda_loop_reinit", eventLoop) {
        return -1;
    }
    // SAFETY: a live loop; the only thread of a child may have the loop of any thread of its parent.
    unsafe {
        let own = of(eventLoop);
        let inherited = (*own).process.get() != libc::getpid();
        if !inherited && !on_owner(eventLoop) {
            return errno::fail(libc::EPERM);
        }
        if (*own).depth.get() > 0 || thread_pool::has_threads(eventLoop) {
            return errno::fail(libc::EBUSY);
        }
        match renew(eventLoop) {
            Ok(()) => (),
            Err(e) => return errno::fail(e),
        }
        if inherited {
            (*own).process.set(libc::getpid());
            take_over(eventLoop);
            signals::after_fork();
            tcp_server::leave_files(eventLoop);
            tcp_connection::forget_together(eventLoop);
        }
        backend::resync(eventLoop);
    }
    0
}

/// Puts a new back end and a new wake-up pair in place of the old ones. Where that fails, nothing has
/// changed.
unsafe fn renew(l: *mut event_loop) -> Result<(), c_int> {
    // SAFETY: a loop that doesn't run; the old back end's data is given up once there is new one.
    unsafe {
        let backend = (*l).eventDispatcher.get();
        let Some(init) = (*backend).init else { return Err(libc::ENOTSUP) };
        let pair = socket::pair()?;
        let fresh = init(l);
        if fresh.is_null() {
            let e = errno::get();
            pair.into_iter().for_each(sys_fd::close);
            return Err(e);
        }
        if !(*l).event_dispatcher_data.get().is_null()
            && let Some(clear) = (*backend).clear
        {
            clear(l);
        }
        (*l).event_dispatcher_data.set(fresh);
        (*of(l)).backend_again.set(true);
        renew_pair(l, pair);
        Ok(())
    }
}

/// Gives the new pair the numbers of the old one, which the program may know.
unsafe fn renew_pair(l: *mut event_loop, pair: [c_int; 2]) {
    // SAFETY: as in `renew`; the wake-up's channel is registered for the second number.
    unsafe {
        for (new, old) in pair.into_iter().zip((*l).socketPair.get()) {
            sys_fd::replace(old, new);
        }
        let reg = registration(l, (*l).socketPair.get()[1]);
        if !reg.is_null() {
            (*reg).identity = sys_fd::identity((*l).socketPair.get()[1]).map_or(0, sys_fd::fold);
        }
        if (*of(l)).wake.raise() {
            (*of(l)).wake.fall();
        } else {
            // The byte that was on its way went into the old pair.
            wakeup::wake(l);
        }
    }
}
