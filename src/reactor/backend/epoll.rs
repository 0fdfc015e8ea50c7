//! The epoll back end (epoll(7)). Connections of the library are registered edge-triggered, which
//! saves a look at each of them per wait; everything else is level-triggered, also a connection
//! with output waiting, with a program's own callbacks in its channel, or of another kind than TCP.

use super::{For, IN, OUT, PRI, RDHUP};
use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_loop};
use crate::reactor::backend;
use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::{of, registration};
use crate::reactor::tcp_connection;
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_int, c_void, epoll_event, timeval};
use std::mem::MaybeUninit;
use std::ptr;

const BATCH: usize = 512;
/// Calls of the loop, one within the other, beyond which what waits further down stays there: the stack is
/// finite, and each of many connections may have the loop run within its callback.
const DEEP: u32 = 1000;

/// What one wait has brought. A callback may run the loop, and what it waits for may be in here: edges are
/// told once, so the pass within goes on with the events before it waits for others.
pub struct Batch {
    events: *const epoll_event,
    len: usize,
    at: usize,
    /// That of the call further down on the stack.
    outer: *mut Batch,
}

struct Epoll {
    fd: c_int,
}

unsafe fn data(l: *mut event_loop) -> *mut Epoll {
    // SAFETY: a live loop whose data this back end's init made.
    unsafe { (*l).event_dispatcher_data.get().cast() }
}

/// The epoll descriptor: readable while a channel of the loop is ready (epoll(7)).
///
/// # Safety
/// `l` is a live loop with this back end.
pub unsafe fn descriptor(l: *mut event_loop) -> c_int {
    // SAFETY: as said.
    unsafe { if data(l).is_null() { errno::fail(libc::EINVAL) } else { (*data(l)).fd } }
}

pub unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    // SAFETY: the block is checked, and filled before use.
    unsafe {
        let fd = sys_fd::epoll();
        if fd < 0 {
            return ptr::null_mut();
        }
        let data = pool::alloc(size_of::<Epoll>()).cast::<Epoll>();
        if data.is_null() {
            sys_fd::close(fd);
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        (*data).fd = fd;
        if !l.is_null() {
            backend::initialised(l);
        }
        data.cast()
    }
}

pub unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    if l.is_null() {
        return;
    }
    // SAFETY: the data is this back end's, and is given up.
    unsafe {
        let data = data(l);
        if !data.is_null() {
            sys_fd::close((*data).fd);
            pool::free(data.cast(), size_of::<Epoll>());
            (*l).event_dispatcher_data.set(ptr::null_mut());
        }
    }
}

/// Whether the channel is a library's own connection, with the library's callbacks, and a short read
/// from it means drained, or the events say otherwise.
unsafe fn may_be_edge(ch: *mut channel) -> bool {
    // SAFETY: a live channel.
    unsafe {
        let conn = tcp_connection::of_channel(ch);
        !conn.is_null() && (*conn).is_kind(Kind::Tcp)
    }
}

/// epoll_ctl(2) for a channel with the given events.
unsafe fn control(l: *mut event_loop, ch: *mut channel, op: c_int, events: c_int) -> c_int {
    if l.is_null() || ch.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: live objects; the kernel copies the event.
    unsafe {
        if data(l).is_null() {
            return errno::fail(libc::EINVAL);
        }
        let fd = (*ch).fd.get();
        let reg = registration(l, fd);
        let id = if reg.is_null() { 0 } else { u64::from((*reg).id) };
        let asked = backend::asked(l, fd, events);
        let mut bits = 0;
        if asked & EVENT_READ != 0 {
            bits |= IN;
        }
        if asked & EVENT_WRITE != 0 {
            bits |= OUT;
        }
        let edge = may_be_edge(ch) && events & EVENT_WRITE == 0;
        if edge {
            bits |= libc::EPOLLET as u32 | if bits & IN != 0 { RDHUP | PRI } else { 0 };
        }
        let mut event = epoll_event { events: bits, u64: (id << 32) | u64::from(fd as u32) };
        let r = libc::epoll_ctl((*data(l)).fd, op, fd, &mut event);
        if r == 0 && !reg.is_null() {
            (*reg).edge = edge && op != libc::EPOLL_CTL_DEL;
            (*reg).events = events as u8;
        }
        r
    }
}

/// The channel's events; 0 for none at all.
unsafe fn wanted(ch: *mut channel) -> c_int {
    // SAFETY: NULL or a live channel.
    unsafe { if ch.is_null() { 0 } else { (*ch).events.get() } }
}

pub unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: live objects on the loop's thread, as the loop calls it.
    unsafe {
        let events = wanted(ch);
        let r = control(l, ch, libc::EPOLL_CTL_ADD, events);
        if r < 0 && errno::get() == libc::EEXIST {
            return control(l, ch, libc::EPOLL_CTL_MOD, events);
        }
        r
    }
}

pub unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`. A closed descriptor has left epoll by itself.
    unsafe {
        if l.is_null() || ch.is_null() {
            return errno::fail(libc::EINVAL);
        }
        let reg = registration(l, (*ch).fd.get());
        if (*of(l)).closes_next.get() && !reg.is_null() && (*reg).edge {
            // Closing takes it out of epoll. Should a copy of the descriptor live on, in a forked
            // child say, its rare edges carry a number that nobody has.
            return 0;
        }
        control(l, ch, libc::EPOLL_CTL_DEL, 0)
    }
}

pub unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        let events = wanted(ch);
        let r = control(l, ch, libc::EPOLL_CTL_MOD, events);
        if r < 0 && errno::get() == libc::ENOENT && tcp_connection::of_channel(ch).is_null() {
            // The program closed the descriptor, and has another file under the number now.
            return control(l, ch, libc::EPOLL_CTL_ADD, events);
        }
        r
    }
}

pub unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    if l.is_null() {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live loop with this back end's data.
    unsafe {
        if data(l).is_null() {
            return errno::fail(libc::EINVAL);
        }
        if (*of(l)).depth.get() < DEEP && go_on(l) {
            return 0;
        }
        wait(l, backend::milliseconds(tv))
    }
}

/// Waits for events, and delivers them. Not inlined: a callback may run the loop again, for each of many
/// connections, and only a call that waits needs so much of the stack.
#[inline(never)]
unsafe fn wait(l: *mut event_loop, limit_ms: c_int) -> c_int {
    let mut batch = MaybeUninit::<[epoll_event; BATCH]>::uninit();
    let batch: *mut epoll_event = batch.as_mut_ptr().cast();
    // SAFETY: the kernel fills the first `n` events, and only those are read. A batch is in the loop's chain
    // as long as its call is on the stack.
    unsafe {
        let n = libc::epoll_wait((*data(l)).fd, batch, BATCH as c_int, limit_ms);
        if n < 0 {
            return if errno::get() == libc::EINTR { 0 } else { -1 };
        }
        if n == 0 {
            return 0;
        }
        log_msg!("epoll_wait wakeup, {}", backend::name(l));
        if n > 1 && (*of(l)).wake.has_queued() {
            wake_first(l, batch, n as usize);
        }
        let outer = (*of(l)).delivering.get();
        let mut own = Batch { events: batch, len: n as usize, at: 0, outer };
        let own = &raw mut own;
        (*of(l)).delivering.set(own);
        iteration::within(l, || deliver_all(l, own));
        (*of(l)).delivering.set(outer);
        0
    }
}

/// Delivers what is left of a batch.
unsafe fn deliver_all(l: *mut event_loop, batch: *mut Batch) {
    // SAFETY: a batch of the loop's chain, read afresh behind each callback, which may have gone on with it.
    unsafe {
        while (*batch).at < (*batch).len {
            let at = (*batch).at;
            let event = (*batch).events.add(at).read_unaligned();
            backend::before_event(l, event.u64 as u32 as c_int);
            if (*batch).at == at {
                (*batch).at += 1;
                deliver(l, event);
            }
        }
    }
}

/// Goes on with the events of calls further down on the stack; whether there were any.
unsafe fn go_on(l: *mut event_loop) -> bool {
    // SAFETY: what is in the chain stands on this thread's stack, below this call.
    unsafe {
        let mut some = false;
        let mut batch = (*of(l)).delivering.get();
        while !batch.is_null() {
            if (*batch).at < (*batch).len {
                some = true;
                iteration::within(l, || deliver_all(l, batch));
            }
            batch = (*batch).outer;
        }
        some
    }
}

/// Puts the event of the loop's own wake-up before the others, which run what it was woken for.
unsafe fn wake_first(l: *mut event_loop, batch: *mut epoll_event, n: usize) {
    // SAFETY: the batch has `n` events.
    unsafe {
        for i in 1..n {
            if batch.add(i).read_unaligned().u64 as u32 as c_int == (*l).socketPair.get()[1] {
                let (first, wake) = (batch.read_unaligned(), batch.add(i).read_unaligned());
                batch.write_unaligned(wake);
                batch.add(i).write_unaligned(first);
                return;
            }
        }
    }
}

/// Takes out what was left behind by a registration that is no more (while another back end was in
/// place, say), unless the number has a new one.
unsafe fn drop_stale(l: *mut event_loop, fd: c_int) {
    // SAFETY: on the loop's thread; the kernel ignores the event of a removal.
    unsafe {
        let reg = registration(l, fd);
        if reg.is_null() || (*reg).id == 0 {
            let mut none = epoll_event { events: 0, u64: 0 };
            // It may be out already.
            libc::epoll_ctl((*data(l)).fd, libc::EPOLL_CTL_DEL, fd, &mut none);
        }
    }
}

unsafe fn deliver(l: *mut event_loop, event: epoll_event) {
    let fd = event.u64 as u32 as c_int;
    let id = (event.u64 >> 32) as u32;
    // SAFETY: on the loop's thread; `backend::deliver` checks that the registration lives.
    unsafe {
        let reg = registration(l, fd);
        if !reg.is_null() && (*reg).id == id && (*reg).edge {
            let ch = crate::reactor::event_loop::state::channel_at(l, fd);
            if !ch.is_null() && !may_be_edge(ch) {
                // The program put callbacks of its own into the channel: level from now on.
                control(l, ch, libc::EPOLL_CTL_MOD, c_int::from((*reg).events));
            }
        }
        let known = backend::deliver(l, fd, id, event.events, |read| {
            log_msg!("get message channel fd=={} for {}, {}", fd, For(read), backend::name(l));
        });
        if !known {
            drop_stale(l, fd);
        }
    }
}
