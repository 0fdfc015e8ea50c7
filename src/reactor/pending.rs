//! What other threads ask of a loop: a queue in the public `pending_head`, under the public
//! `mutex`, whose elements carry more behind the public struct.

use super::loop_state::{count, of};
use super::tcp_connection::{self, Connection};
use super::{registration, utils, wakeup};
use crate::abi::types::{channel, channel_element, event_loop, yolanda_loop_callback};
use crate::sys::{errno, pool};
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

pub const ADD: c_int = 1;
pub const REMOVE: c_int = 2;
pub const UPDATE: c_int = 3;
/// Puts a new connection on its loop.
pub const REGISTER: c_int = 16;
/// Bytes to send, behind the task.
pub const SEND: c_int = 17;
pub const SHUTDOWN: c_int = 18;
/// Closes a connection, as was decided on another thread.
pub const CLOSE: c_int = 19;
/// A number was found to belong to somebody else.
pub const EXPIRE: c_int = 20;
/// A `Call` behind the task.
pub const CALL: c_int = 21;
/// Closes a connection after its queue is sent, or at the time that stands in `id`.
pub const END: c_int = 22;

#[repr(C)]
pub struct Task {
    public: channel_element,
    fd: c_int,
    /// Referred to and pinned while the task waits.
    conn: *mut Connection,
    id: u64,
    len: usize,
}

/// A function of the program's.
#[repr(C)]
#[derive(Clone, Copy)]
struct Call {
    callback: yolanda_loop_callback,
    data: *mut c_void,
}

unsafe fn new(kind: c_int, len: usize) -> *mut Task {
    let task = pool::alloc(size_of::<Task>() + len).cast::<Task>();
    if !task.is_null() {
        let none = ptr::null_mut();
        let public =
            channel_element { r#type: kind, channel: ptr::null_mut(), next: ptr::null_mut() };
        // SAFETY: a fresh block of that size.
        unsafe { task.write(Task { public, fd: -1, conn: none, id: 0, len }) };
    }
    task
}

unsafe fn dispose(task: *mut Task) {
    // SAFETY: the task was made by `new` with this length and is in no queue.
    unsafe { pool::free(task.cast(), size_of::<Task>() + (*task).len) };
}

unsafe fn next(task: *mut Task) -> *mut Task {
    // SAFETY: a live task; only tasks are linked.
    unsafe { (*task).public.next.cast() }
}

/// Appends a task and wakes the loop. False, with the task disposed of, when the loop was freed.
unsafe fn push(l: *mut event_loop, task: *mut Task) -> bool {
    // SAFETY: the list is touched under the loop's mutex only; the caller's reference keeps `l`.
    unsafe {
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        if (*of(l)).gone || (*of(l)).ending && !utils::on_owner(l) {
            libc::pthread_mutex_unlock(&raw mut (*l).mutex);
            unpin(task);
            return false;
        }
        if (*l).pending_tail.is_null() {
            (*l).pending_head = task.cast();
        } else {
            (*(*l).pending_tail).next = task.cast();
        }
        (*l).pending_tail = task.cast();
        (*of(l)).wake.queued();
        if !utils::on_owner(l) || (*of(l)).depth == 0 {
            // While the lock is held: afterwards the loop may be taken down, and its pair closed.
            wakeup::wake_once(l);
        }
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
        true
    }
}

/// Takes nothing more from other threads, which could post faster than a loop that ends can run.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn refuse_others(l: *mut event_loop) {
    // SAFETY: the flag is written and read under the loop's mutex.
    unsafe {
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        (*of(l)).ending = true;
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
    }
}

/// Whether other threads can post no more.
///
/// # Safety
/// The loop's memory is kept.
pub unsafe fn refuses_others(l: *mut event_loop) -> bool {
    // SAFETY: as in `refuse_others`.
    unsafe {
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        let refuses = (*of(l)).gone || (*of(l)).ending;
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
        refuses
    }
}

/// `push` as the public calls report it.
unsafe fn queue(l: *mut event_loop, task: *mut Task) -> c_int {
    // SAFETY: handed on.
    if unsafe { push(l, task) } { 0 } else { errno::fail(libc::ESHUTDOWN) }
}

/// Queues a call of `callback` on the loop's thread. 0, or -1 with ENOMEM or ESHUTDOWN.
///
/// # Safety
/// A loop whose memory is kept.
pub unsafe fn post_function(
    l: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    let task = for_function(callback, data);
    if task.is_null() {
        return errno::fail(libc::ENOMEM);
    }
    // SAFETY: as said; a fresh task.
    unsafe { post_made(l, task) }
}

/// Makes a task that calls `callback`; NULL when memory is out.
pub fn for_function(callback: yolanda_loop_callback, data: *mut c_void) -> *mut Task {
    // SAFETY: the task is checked, and was made with room for the call behind it.
    unsafe {
        let task = new(CALL, size_of::<Call>());
        if !task.is_null() {
            task.add(1).cast::<Call>().write(Call { callback, data });
        }
        task
    }
}

/// Queues a task of `for_function`. 0, or -1 with ESHUTDOWN, the task being gone.
///
/// # Safety
/// A loop whose memory is kept; the task is in no queue.
pub unsafe fn post_made(l: *mut event_loop, task: *mut Task) -> c_int {
    // SAFETY: handed on.
    unsafe { queue(l, task) }
}

/// Queues a change of a channel. 0, or -1 with ENOMEM.
///
/// # Safety
/// Live objects; the channel lives until the loop has run the task.
pub unsafe fn post_channel(l: *mut event_loop, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
    // SAFETY: the task is checked, and filled before it is shared.
    unsafe {
        let task = new(kind, 0);
        if task.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        (*task).public.channel = ch;
        (*task).fd = fd;
        queue(l, task)
    }
}

/// Makes a task for a connection, which it keeps, with a copy of the bytes. NULL when memory is out.
///
/// # Safety
/// A connection that wasn't freed yet; `data` holds `len` bytes.
pub unsafe fn for_connection(
    conn: *mut Connection,
    kind: c_int,
    data: *const u8,
    len: usize,
) -> *mut Task {
    // SAFETY: the bytes stand behind the task, which was made with room for them.
    unsafe {
        let task = new(kind, len);
        if task.is_null() {
            return task;
        }
        if !(*conn).refs.retain() {
            dispose(task);
            return ptr::null_mut();
        }
        if len > 0 {
            ptr::copy_nonoverlapping(data, task.add(1).cast(), len);
        }
        (*task).conn = conn;
        (*conn).pins.fetch_add(1, Relaxed);
        task
    }
}

/// Queues a task that `for_connection` made. From then on only the task keeps the connection.
/// False when the loop was freed.
///
/// # Safety
/// The task is in no queue.
pub unsafe fn post_task(task: *mut Task) -> bool {
    // SAFETY: the task refers to the connection.
    unsafe { push((*(*task).conn).public.eventLoop, task) }
}

/// Throws a task of `for_connection` away that isn't needed after all.
///
/// # Safety
/// The task is in no queue; the caller's own reference keeps the connection.
pub unsafe fn withdraw(task: *mut Task) {
    // SAFETY: as said.
    unsafe { unpin(task) }
}

/// Has a connection close after its queue is sent, or at `time`. False when memory is out, or the
/// loop was freed.
///
/// # Safety
/// As `for_connection`.
pub unsafe fn post_end(conn: *mut Connection, time: i64) -> bool {
    // SAFETY: the task is checked before use.
    unsafe {
        let task = for_connection(conn, END, ptr::null(), 0);
        if task.is_null() {
            return false;
        }
        (*task).id = time as u64;
        post_task(task)
    }
}

/// Queues something for a connection. False when memory is out, or the loop was freed.
///
/// # Safety
/// As `for_connection`.
pub unsafe fn post_connection(
    conn: *mut Connection,
    kind: c_int,
    data: *const u8,
    len: usize,
) -> bool {
    // SAFETY: handed on.
    unsafe {
        let task = for_connection(conn, kind, data, len);
        !task.is_null() && post_task(task)
    }
}

/// Tells the loop of an older registration that its number was given to somebody else.
///
/// # Safety
/// `l` is live.
pub unsafe fn post_expire(l: *mut event_loop, fd: c_int, id: u64) {
    // SAFETY: the task is checked before use.
    unsafe {
        let task = new(EXPIRE, 0);
        if !task.is_null() {
            (*task).fd = fd;
            (*task).id = id;
            push(l, task);
        }
    }
}

/// Runs what is queued, in order, without what is queued meanwhile. No callback of a connection is
/// called from here, but functions that were posted are: they may run the loop, whose pass then goes
/// on with what was taken before it looks for more. So are the destructors of connections that only a
/// task kept.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn run(l: *mut event_loop) {
    // SAFETY: the list is taken out under the mutex; its tasks are then this thread's alone.
    unsafe {
        let own = of(l);
        if (*own).wake.has_queued() && (*own).taken.is_null() {
            libc::pthread_mutex_lock(&raw mut (*l).mutex);
            (*own).taken = (*l).pending_head.cast::<Task>();
            (*l).pending_head = ptr::null_mut();
            (*l).pending_tail = ptr::null_mut();
            (*own).wake.emptied();
            libc::pthread_mutex_unlock(&raw mut (*l).mutex);
        }
        if (*own).taken.is_null() {
            return;
        }
        let nested = std::mem::replace(&mut (*l).is_handle_pending, 1);
        while !(*own).taken.is_null() {
            let task = (*own).taken;
            (*own).taken = next(task);
            run_one(l, task);
        }
        (*l).is_handle_pending = nested;
    }
}

unsafe fn run_one(l: *mut event_loop, task: *mut Task) {
    // SAFETY: a task taken from the queue; its connection is kept until here.
    unsafe {
        let (fd, ch, conn) = ((*task).fd, (*task).public.channel, (*task).conn);
        match (*task).public.r#type {
            ADD | REMOVE | UPDATE => {
                registration::change(l, fd, ch, (*task).public.r#type);
            }
            REGISTER => tcp_connection::register(conn),
            SEND => tcp_connection::take_posted_bytes(conn, task.add(1).cast(), (*task).len),
            SHUTDOWN => tcp_connection::take_posted_shutdown(conn),
            CLOSE => tcp_connection::schedule(conn),
            END => tcp_connection::take_posted_end(conn, (*task).id as i64),
            EXPIRE => {
                let reg = super::loop_state::registration(l, fd);
                if !reg.is_null() && (*reg).id == (*task).id as u32 {
                    registration::expire(l, fd);
                }
            }
            CALL => {
                let call = *task.add(1).cast::<Call>();
                // Freed first: the function may end in a way that never comes back here.
                unpin(task);
                count(&(*of(l)).counts.posts, 1);
                count(&(*of(l)).counts.callbacks, 1);
                if let Some(callback) = call.callback {
                    callback(l, call.data);
                }
                return;
            }
            _ => {}
        }
        unpin(task);
    }
}

/// Frees a task that is done with, and lets its connection go: nobody else may have it any more.
unsafe fn unpin(task: *mut Task) {
    // SAFETY: the task is in no queue.
    unsafe {
        let conn = (*task).conn;
        dispose(task);
        if !conn.is_null() {
            (*conn).pins.fetch_sub(1, AcqRel);
            tcp_connection::release(conn);
        }
    }
}

/// Runs what other threads have queued for one connection, ahead of its turn: a send on the
/// owner's thread comes after what was posted before.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn take_in(conn: *mut Connection) {
    // SAFETY: tasks are unlinked under the mutex; then they are this thread's alone.
    unsafe {
        if (*conn).pins.load(Acquire) == 0 {
            return;
        }
        let l = (*conn).public.eventLoop;
        let mut mine: *mut Task = ptr::null_mut();
        let mut end = &raw mut mine;
        // What is being carried out comes before what is queued.
        unlink(conn, &raw mut (*of(l)).taken, &mut end);
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        let head = (&raw mut (*l).pending_head).cast::<*mut Task>();
        (*l).pending_tail = unlink(conn, head, &mut end).cast();
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
        while !mine.is_null() {
            let following = next(mine);
            run_one(l, mine);
            mine = following;
        }
    }
}

/// Moves a connection's sends and shutdowns from one list to the end of another; the last task that
/// stays.
unsafe fn unlink(
    conn: *mut Connection,
    mut link: *mut *mut Task,
    end: &mut *mut *mut Task,
) -> *mut Task {
    // SAFETY: the lists are the caller's alone; the links lie in live tasks or list heads.
    unsafe {
        let mut last: *mut Task = ptr::null_mut();
        while !(*link).is_null() {
            let task = *link;
            let kind = (*task).public.r#type;
            if (*task).conn == conn && (kind == SEND || kind == SHUTDOWN) {
                *link = next(task);
                (*task).public.next = ptr::null_mut();
                **end = task;
                *end = (&raw mut (*task).public.next).cast();
            } else {
                last = task;
                link = (&raw mut (*task).public.next).cast();
            }
        }
        last
    }
}

/// Refuses what comes later, if nothing is queued now.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn shut_if_empty(l: *mut event_loop) -> bool {
    // SAFETY: as in `run`.
    unsafe {
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        let own = of(l);
        (*own).gone = (*l).pending_head.is_null() && (*own).taken.is_null();
        let gone = (*own).gone;
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
        gone
    }
}

/// Refuses what comes later, whatever is queued now.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn shut(l: *mut event_loop) {
    // SAFETY: as in `run`.
    unsafe {
        libc::pthread_mutex_lock(&raw mut (*l).mutex);
        (*of(l)).gone = true;
        libc::pthread_mutex_unlock(&raw mut (*l).mutex);
    }
}
