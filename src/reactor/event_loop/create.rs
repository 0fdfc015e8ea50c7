//! The event loop as C calls it.

use super::state;
use super::{iteration, posts, registration as registrations, registry, roster, timers, wakeup};
use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_dispatcher, event_loop};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::state::{Loop, channel_at, count, of, quits, registration};
use crate::sys::{errno, fd as sys_fd, pool, socket};
use libc::{c_char, c_int};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

static MAIN_THREAD: &std::ffi::CStr = c"main thread";

pub unsafe extern "C-unwind" fn event_loop_init() -> *mut event_loop {
    // SAFETY: a NULL name is allowed.
    unsafe { event_loop_init_with_name(ptr::null_mut()) }
}

pub unsafe extern "C-unwind" fn event_loop_init_with_name(
    thread_name: *mut c_char,
) -> *mut event_loop {
    let name = if thread_name.is_null() { MAIN_THREAD.as_ptr().cast_mut() } else { thread_name };
    // SAFETY: a name that lives as long as the loop, by this function's contract.
    unsafe { create(name, backend::chosen()) }
}

/// Makes a loop of the calling thread; NULL with errno.
///
/// # Safety
/// The name lives as long as the loop.
pub unsafe fn create(name: *mut c_char, backend: *const event_dispatcher) -> *mut event_loop {
    let own = state::allocate();
    if own.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: a fresh loop that nobody else has seen.
    unsafe {
        if let Err(e) = init(own, name, backend) {
            release_parts(own);
            state::give_up(&raw mut (*own).public);
            errno::set(e);
            log_err!("event_loop_init failed: {}", errno::Text(e));
            return ptr::null_mut();
        }
        &raw mut (*own).public
    }
}

unsafe fn init(
    own: *mut Loop,
    name: *mut c_char,
    backend: *const event_dispatcher,
) -> Result<(), c_int> {
    // SAFETY: `own` is zeroed memory of the right size, nobody else's yet.
    unsafe {
        let l = &raw mut (*own).public;
        (*l).thread_name.set(name);
        (*l).socketPair.set([-1, -1]);
        (*l).owner_thread_id.set(libc::pthread_self());
        (*own).process.set(libc::getpid());
        (*l).mutex = UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER);
        (*l).cond = UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER);
        (*l).channelMap.set(&raw mut (*own).map);
        (*own).now_ms.set(iteration::now_ms());
        (*own).last_busy.set((*own).now_ms.get());

        (*l).eventDispatcher.set(backend);
        log_msg!("set {} as dispatcher, {}", CText((*backend).name), CText(name));
        let Some(backend_init) = (*backend).init else {
            return Err(libc::EINVAL);
        };
        (*l).event_dispatcher_data.set(backend_init(l));
        if (*l).event_dispatcher_data.get().is_null() {
            return Err(errno::get());
        }
        (*own).backend_seen.set((*l).event_dispatcher_data.get());
        (*own).backend_again.set(false);

        (*l).socketPair.set(socket::pair()?);
        (*own).wake_channel = channel {
            fd: Cell::new((*l).socketPair.get()[1]),
            events: Cell::new(EVENT_READ),
            eventReadCallback: Cell::new(Some(wakeup::on_wake)),
            eventWriteCallback: Cell::new(None),
            data: Cell::new(l.cast()),
        };
        match registrations::add(l, (*l).socketPair.get()[1], &raw mut (*own).wake_channel) {
            1 => Ok(()),
            _ => Err(errno::get()),
        }
    }
}

/// Gives back what a loop has besides its own memory.
///
/// # Safety
/// Nothing is registered but the wake-up, and nobody uses the loop.
pub unsafe fn release_parts(own: *mut Loop) {
    // SAFETY: as said; each part is the loop's own, or was never made.
    unsafe {
        let l = &raw mut (*own).public;
        if !(*l).event_dispatcher_data.get().is_null()
            && let Some(clear) = (*(*l).eventDispatcher.get()).clear
        {
            clear(l);
        }
        for fd in (*l).socketPair.get() {
            if fd >= 0 {
                registry::leave_channel(fd, &raw mut (*own).wake_channel);
                sys_fd::close(fd);
            }
        }
        (*l).socketPair.set([-1, -1]);
        if !(*own).registrations.get().is_null() {
            pool::run_drop((*own).registrations.get().cast());
        }
        if !(*own).hot.get().is_null() {
            pool::run_free((*own).hot.get(), 0);
        }
        crate::reactor::tcp_connection::free_together(l);
        roster::free(l);
        timers::clear(l);
        (*own).taken.posters.clear();
        libc::free((*own).map.entries.get().cast());
        (*own).outgrown.iter().for_each(|&table| libc::free(table.cast()));
    }
}

/// Whether a call on `l` is one of its own thread; else errno is EINVAL or EPERM.
///
/// # Safety
/// `l` is NULL or a live loop.
pub unsafe fn mine(what: &str, l: *mut event_loop) -> bool {
    if absent(what, l) {
        return false;
    }
    // SAFETY: a live loop.
    let mine = unsafe { on_owner(l) };
    if !mine {
        errno::set(libc::EPERM);
    }
    mine
}

/// Logs and answers for missing arguments.
pub fn absent(what: &str, l: *mut event_loop) -> bool {
    if l.is_null() {
        log_err!("{}: no event loop", what);
        errno::set(libc::EINVAL);
    }
    l.is_null()
}

fn absent_channel(what: &str, l: *mut event_loop, ch: *mut channel) -> bool {
    if absent(what, l) {
        return true;
    }
    if ch.is_null() {
        log_err!("{}: no channel", what);
        errno::set(libc::EINVAL);
    }
    ch.is_null()
}

pub unsafe extern "C-unwind" fn event_loop_run(eventLoop: *mut event_loop) -> c_int {
    if absent("event_loop_run", eventLoop) {
        return -1;
    }
    let l = eventLoop;
    // SAFETY: a live loop; loops aren't freed while they run.
    unsafe {
        if !on_owner(l) {
            log_err!("event_loop_run: not in the same thread");
            libc::exit(1);
        }
        log_msg!("event loop run, {}", CText((*l).thread_name.get()));
        iteration::within(l, || {
            while !quits(l) {
                iteration::run_once(l, -1);
            }
            // What was asked for before the end was.
            posts::run(l);
        });
        log_msg!("event loop end, {}", CText((*l).thread_name.get()));
        0
    }
}

pub unsafe extern "C-unwind" fn event_loop_wakeup(eventLoop: *mut event_loop) {
    if absent("event_loop_wakeup", eventLoop) {
        return;
    }
    // SAFETY: a live loop.
    unsafe { wakeup::wake(eventLoop) };
}

/// Does `kind` at once on the owner's thread, else queues it. The result of the public calls.
unsafe fn change(l: *mut event_loop, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
    // SAFETY: live objects, by the callers' contracts.
    unsafe {
        // A queued change looks at the channel only if it still is registered then.
        if fd < 0 || (*ch).fd.get() != fd {
            log_err!("no channel of fd {}", fd);
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::EINVAL });
        }
        if on_owner(l) {
            return registrations::change(l, fd, ch, kind);
        }
        posts::post_channel(l, fd, ch, kind)
    }
}

pub unsafe extern "C-unwind" fn event_loop_add_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    if absent_channel("event_loop_add_channel_event", eventLoop, channel1) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { change(eventLoop, fd, channel1, posts::ADD).min(0) }
}

pub unsafe extern "C-unwind" fn event_loop_remove_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    if absent_channel("event_loop_remove_channel_event", eventLoop, channel1) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { change(eventLoop, fd, channel1, posts::REMOVE).min(0) }
}

pub unsafe extern "C-unwind" fn event_loop_update_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    if absent_channel("event_loop_update_channel_event", eventLoop, channel1) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { change(eventLoop, fd, channel1, posts::UPDATE).min(0) }
}

/// The `handle_pending` calls: at once, and only where that is possible.
unsafe fn handle(l: *mut event_loop, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
    // SAFETY: live objects, by the callers' contracts.
    unsafe {
        if !on_owner(l) {
            log_err!("not in the same thread");
            return errno::fail(libc::EPERM);
        }
        change(l, fd, ch, kind)
    }
}

pub unsafe extern "C-unwind" fn event_loop_handle_pending_add(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    if absent_channel("event_loop_handle_pending_add", eventLoop, channel) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { handle(eventLoop, fd, channel, posts::ADD) }
}

pub unsafe extern "C-unwind" fn event_loop_handle_pending_remove(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    if absent_channel("event_loop_handle_pending_remove", eventLoop, channel) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { handle(eventLoop, fd, channel, posts::REMOVE) }
}

pub unsafe extern "C-unwind" fn event_loop_handle_pending_update(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    if absent_channel("event_loop_handle_pending_update", eventLoop, channel) {
        return -1;
    }
    // SAFETY: live objects.
    unsafe { handle(eventLoop, fd, channel, posts::UPDATE) }
}

pub unsafe extern "C-unwind" fn event_loop_do_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
    r#type: c_int,
) -> c_int {
    if absent_channel("event_loop_do_channel_event", eventLoop, channel1) {
        return -1;
    }
    if !(posts::ADD..=posts::UPDATE).contains(&r#type) {
        log_err!("event_loop_do_channel_event: no type {}", r#type);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: live objects.
    unsafe { change(eventLoop, fd, channel1, r#type).min(0) }
}

pub unsafe extern "C-unwind" fn event_loop_handle_pending_channel(
    eventLoop: *mut event_loop,
) -> c_int {
    if absent("event_loop_handle_pending_channel", eventLoop) {
        return -1;
    }
    // SAFETY: a live loop.
    unsafe {
        if !on_owner(eventLoop) {
            log_err!("not in the same thread");
            return errno::fail(libc::EPERM);
        }
        posts::run(eventLoop);
    }
    0
}

pub unsafe extern "C-unwind" fn channel_event_activate(
    eventLoop: *mut event_loop,
    fd: c_int,
    res: c_int,
) -> c_int {
    if absent("channel_event_activate", eventLoop) {
        return -1;
    }
    // SAFETY: a live loop; a custom back end calls this within its dispatch.
    unsafe {
        iteration::within(eventLoop, || {
            posts::run(eventLoop);
            activate(eventLoop, fd, res)
        })
    }
}

/// Calls a channel for what it is ready for.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn activate(l: *mut event_loop, fd: c_int, revents: c_int) -> c_int {
    // SAFETY: the channel is not looked at after its callback unless it still is registered.
    unsafe {
        let ch = channel_at(l, fd);
        if ch.is_null() {
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::ENOENT });
        }
        log_msg!(
            "activate channel fd == {}, revents={}, {}",
            fd,
            revents,
            CText((*l).thread_name.get())
        );
        let reg = registration(l, fd);
        let id = if reg.is_null() { 0 } else { (*reg).id };
        if ch != &raw mut (*of(l)).wake_channel {
            count(&(*of(l)).counts.callbacks, 1);
        }
        if revents & EVENT_READ != 0
            && let Some(callback) = (*ch).eventReadCallback.get()
        {
            callback((*ch).data.get());
        }
        if revents & EVENT_WRITE != 0 && channel_at(l, fd) == ch {
            let reg = registration(l, fd);
            if !reg.is_null()
                && (*reg).id == id
                && let Some(callback) = (*ch).eventWriteCallback.get()
            {
                callback((*ch).data.get());
            }
        }
        0
    }
}
