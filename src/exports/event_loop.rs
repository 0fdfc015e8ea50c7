//! The functions of lib/event_loop.h.

use crate::abi::types::channel;
use crate::abi::types::event_dispatcher;
use crate::abi::types::event_loop;
use crate::reactor::backend::{self, epoll, poll};
use crate::reactor::event_loop::changes;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::parts::PARTS;
use crate::sys::errno;
use core::ffi::{CStr, c_char, c_int};

const MAIN_THREAD: &CStr = c"main thread";

/// The body of the `handle_pending` functions: makes the change at once, only on the loop's thread.
///
/// # Safety
/// As `Loop::request_change`.
unsafe fn at_once(l: &RemoteLoop, fd: c_int, ch: &channel, kind: c_int) -> c_int {
    if !l.on_owner() {
        log_err!("not in the same thread");
        return errno::fail(libc::EPERM);
    }
    // SAFETY: the caller keeps the channel until the change is made, and an added one until it is
    // removed.
    unsafe { l.request_change(fd, ch, kind) }
}

/// The back end on poll().
#[unsafe(no_mangle)]
pub static poll_dispatcher: event_dispatcher = event_dispatcher {
    name: c"poll".as_ptr(),
    init: Some(poll::init),
    add: Some(poll::add),
    del: Some(poll::del),
    update: Some(poll::update),
    dispatch: Some(poll::dispatch),
    clear: Some(poll::clear),
};

/// The back end on epoll.
#[unsafe(no_mangle)]
pub static epoll_dispatcher: event_dispatcher = event_dispatcher {
    name: c"epoll".as_ptr(),
    init: Some(epoll::init),
    add: Some(epoll::add),
    del: Some(epoll::del),
    update: Some(epoll::update),
    dispatch: Some(epoll::dispatch),
    clear: Some(epoll::clear),
};

/// Makes a loop named "main thread". It belongs to the calling thread.
///
/// The back end is epoll, unless the environment variable YOLANDA_DISPATCHER is "poll" or the program
/// was compiled with EPOLL_ENABLE off.
///
/// Returns the loop, or NULL with errno if memory or descriptors run out: ENOMEM, EMFILE, ENFILE.
/// Release it with yolanda_loop_free().
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_init() -> *mut event_loop {
    crate::log::course_style();
    // SAFETY: the name is a constant.
    unsafe { Loop::create(MAIN_THREAD.as_ptr().cast_mut(), backend::chosen(), &PARTS) }
}

/// Makes a loop with the given name; NULL stands for "main thread". Otherwise the same as
/// event_loop_init().
///
/// # Safety
/// `thread_name` is NULL or a NUL-terminated string that stays valid as long as the loop: only the
/// pointer is kept. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_init_with_name(
    thread_name: *mut c_char,
) -> *mut event_loop {
    crate::log::course_style();
    let name = if thread_name.is_null() { MAIN_THREAD.as_ptr().cast_mut() } else { thread_name };
    // SAFETY: the header requires that the name stays valid as long as the loop.
    unsafe { Loop::create(name, backend::chosen(), &PARTS) }
}

/// Runs the loop until `quit` is set: it waits for events and calls the callbacks, over and over.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EINTR if a signal has ended the run (see
/// yolanda_loop_set_interruptible()). On any thread but the loop's it exits the process with status 1.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_run(eventLoop: *mut event_loop) -> c_int {
    let Some(l) = event_loop!(eventLoop, "event_loop_run", -1).here() else {
        log_err!("event_loop_run: not in the same thread");
        // SAFETY: exit runs the handlers that the program registered with atexit(3), as the header
        // documents.
        unsafe { libc::exit(1) }
    };
    if l.run() { 0 } else { errno::fail(libc::EINTR) }
}

/// Ends the loop's current wait. Calls that come before the loop has noticed the first one count as
/// one. errno is left unchanged.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_wakeup(eventLoop: *mut event_loop) {
    let l = event_loop!(eventLoop, "event_loop_wakeup");
    l.wake();
}

/// Registers a channel with a loop. On the loop's thread the channel is registered when the call
/// returns. On any other thread the request is queued, in order, and the loop is woken up. If the
/// descriptor is already registered, nothing changes; but if the registered descriptor has been closed
/// since then, the new channel replaces the old one.
///
/// Returns 0 (done or queued), or -1 with errno: EINVAL (NULL, or `fd` isn't `channel1->fd`), EBADF
/// (negative or closed descriptor), ENOMEM, ESHUTDOWN (the loop is being freed), or the error of a back
/// end that refuses the descriptor: EPERM for a file or a folder, and others of epoll_ctl(2).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or a channel that stays
/// where it is until it has been removed. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_add_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_add_channel_event", -1);
    let ch = non_null!(channel1, "event_loop_add_channel_event: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other until the queued change is made.
    unsafe { l.request_change(fd, ch, changes::ADD) }.min(0)
}

/// Removes a channel from its loop. The descriptor may have been closed before. When the call has
/// returned on the loop's thread, the library doesn't touch the channel any more: you may free it
/// there, even inside its own callback. If another thread removes the channel, only the loop's thread
/// may free it.
///
/// Returns 0 (done or queued), or -1 with errno: ENOENT (an unknown channel), EINVAL (NULL, another
/// channel than the registered one, or `fd` isn't `channel1->fd`), EBADF (a negative descriptor),
/// ENOMEM, ESHUTDOWN (the loop is being freed).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or the registered channel.
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_remove_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_remove_channel_event", -1);
    let ch = non_null!(channel1, "event_loop_remove_channel_event: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other until the queued change is made.
    unsafe { l.request_change(fd, ch, changes::REMOVE) }.min(0)
}

/// Makes the loop use the channel's changed `events` and check again whether the descriptor is ready.
///
/// Returns 0 (done or queued), or -1 with errno like event_loop_remove_channel_event(), and others of
/// epoll_ctl(2).
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `channel1` is NULL or the registered channel.
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_update_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_update_channel_event", -1);
    let ch = non_null!(channel1, "event_loop_update_channel_event: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other until the queued change is made.
    unsafe { l.request_change(fd, ch, changes::UPDATE) }.min(0)
}

/// Does the same as event_loop_add_channel_event(), but always at once.
///
/// Returns 1 (added), 0 (nothing to do) or -1 with errno, EPERM on another thread.
///
/// # Safety
/// The arguments are as for event_loop_add_channel_event(). Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_add(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_handle_pending_add", -1);
    let ch = non_null!(channel, "event_loop_handle_pending_add: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other during the call.
    unsafe { at_once(l, fd, ch, changes::ADD) }
}

/// Does the same as event_loop_remove_channel_event(), but always at once.
///
/// Returns 1 (removed), 0 (nothing to do) or -1 with errno, EPERM on another thread.
///
/// # Safety
/// The arguments are as for event_loop_remove_channel_event(). Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_remove(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_handle_pending_remove", -1);
    let ch = non_null!(channel, "event_loop_handle_pending_remove: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other during the call.
    unsafe { at_once(l, fd, ch, changes::REMOVE) }
}

/// Does the same as event_loop_update_channel_event(), but always at once.
///
/// Returns 1 (updated), 0 (nothing to do) or -1 with errno, EPERM on another thread.
///
/// # Safety
/// The arguments are as for event_loop_update_channel_event(). Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_update(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    let l = event_loop!(eventLoop, "event_loop_handle_pending_update", -1);
    let ch = non_null!(channel, "event_loop_handle_pending_update: no channel", -1);
    // SAFETY: the header requires that the program keeps an added channel until it is removed, and
    // any other during the call.
    unsafe { at_once(l, fd, ch, changes::UPDATE) }
}

/// Reports a ready descriptor; called by back ends. It calls the channel's read callback if `res`
/// contains EVENT_READ, then the write callback if `res` contains EVENT_WRITE and the channel is
/// still registered.
///
/// Returns 0, or -1 with errno, for example ENOENT for a descriptor that isn't registered.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread, which isn't
/// checked.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn channel_event_activate(
    eventLoop: *mut event_loop,
    fd: c_int,
    res: c_int,
) -> c_int {
    let l = unchecked_loop!(eventLoop, "channel_event_activate", -1);
    // A program's own back end calls this during its dispatch.
    l.within(|_| {
        l.run_posts();
        l.activate(fd, res)
    })
}
