use crate::abi::types::channel;
use crate::abi::types::event_dispatcher;
use crate::abi::types::event_loop;
use crate::reactor::backend::{epoll, poll};
use core::ffi::{c_char, c_int};

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

/// Makes a loop named "main thread", owned by the calling thread.
///
/// The back end is epoll, unless the environment says YOLANDA_DISPATCHER=poll or the program was
/// compiled with EPOLL_ENABLE off. Returns NULL with errno when memory or descriptors are out.
///
/// # Safety
/// Any thread may call it; the loop is that thread's.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_init() -> *mut event_loop {
    jump_to!(crate::reactor::event_loop::create::event_loop_init)
}

/// Makes a loop with a name of your own; NULL counts as "main thread". Otherwise as
/// event_loop_init().
///
/// # Safety
/// `thread_name` ends with a NUL and lives as long as the loop: only the pointer is kept.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_init_with_name(
    thread_name: *mut c_char,
) -> *mut event_loop {
    jump_to!(crate::reactor::event_loop::create::event_loop_init_with_name)
}

/// Waits and calls, pass after pass, until `quit` is set.
///
/// Returns 0, or -1 for NULL. On another thread than the loop's it exits the process with status 1.
///
/// # Safety
/// `eventLoop` is NULL or a loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_run(eventLoop: *mut event_loop) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_run)
}

/// Ends the loop's current wait. Any thread and any signal handler may call it; calls that come
/// before the loop has noticed the first count as one.
///
/// # Safety
/// `eventLoop` is NULL or a loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_wakeup(eventLoop: *mut event_loop) {
    jump_to!(crate::reactor::event_loop::create::event_loop_wakeup)
}

/// Registers a channel with a loop. On the loop's thread it is done on return; any other thread
/// queues it, in order, and wakes the loop. A descriptor that is registered already: nothing
/// changes, unless the registered one has been closed meanwhile; then the new one replaces it.
///
/// Returns 0 (done or queued), or -1 with errno: NULL, an `fd` that isn't `channel1->fd` (EINVAL), a
/// negative or closed one (EBADF), a back end that refuses it, no memory.
///
/// # Safety
/// `channel1` stays where it is until it has been removed.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_add_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_add_channel_event)
}

/// Takes a channel off its loop; its descriptor may have been closed before. Once this has returned
/// on the loop's thread, the library never touches the channel again: free it there, even within
/// its own callback. Removed from another thread, it may be freed only on the loop's thread.
///
/// Returns 0 (done or queued), or -1 with errno, for an unknown channel too.
///
/// # Safety
/// `channel1` is NULL or the registered channel.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_remove_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_remove_channel_event)
}

/// Makes the loop take over the channel's changed `events`, and look at its readiness afresh.
///
/// Returns 0 (done or queued), or -1 with errno, for an unknown channel too.
///
/// # Safety
/// `channel1` is NULL or the registered channel.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_update_channel_event(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel1: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_update_channel_event)
}

/// Adds a channel at once, on the loop's thread.
///
/// Returns 1 (added), 0 (nothing to do) or -1 with errno.
///
/// # Safety
/// As for event_loop_add_channel_event(); only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_add(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_handle_pending_add)
}

/// Removes a channel at once, on the loop's thread.
///
/// Returns 1 (removed), 0 (nothing to do) or -1 with errno.
///
/// # Safety
/// As for event_loop_remove_channel_event(); only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_remove(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_handle_pending_remove)
}

/// Updates a channel at once, on the loop's thread.
///
/// Returns 1 (updated), 0 (nothing to do) or -1 with errno.
///
/// # Safety
/// As for event_loop_update_channel_event(); only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn event_loop_handle_pending_update(
    eventLoop: *mut event_loop,
    fd: c_int,
    channel: *mut channel,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::event_loop_handle_pending_update)
}

/// What a back end calls for a descriptor that is ready: runs the read callback for EVENT_READ in
/// `res`, then the write callback for EVENT_WRITE if the channel is still there.
///
/// Returns 0, or -1 with errno for a descriptor that isn't registered.
///
/// # Safety
/// Only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn channel_event_activate(
    eventLoop: *mut event_loop,
    fd: c_int,
    res: c_int,
) -> c_int {
    jump_to!(crate::reactor::event_loop::create::channel_event_activate)
}
