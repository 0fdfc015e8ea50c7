//! What other threads ask of a loop: a queue in the public `pending_head`, under the public
//! `mutex`, whose elements carry more behind the public struct. The loop's thread carries it out in
//! order; what a send of its own has to come after it takes in before (`ahead`).

mod ahead;

use super::{budget, owner, registration, wakeup};
use crate::abi::types::{channel, channel_element, event_loop, yolanda_loop_callback};
use crate::reactor::event_loop::state::{count, of};
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, pool};
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Relaxed},
};

pub use crate::reactor::event_loop::posts::ahead::{Posters, take_in};

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
/// Was carried out ahead of its turn.
const DONE: c_int = 23;

/// So many tasks that call nothing take as long as a callback.
const OTHERS: u32 = 16;

#[repr(C)]
pub struct Task {
    public: channel_element,
    fd: Cell<c_int>,
    /// Referred to and pinned while the task waits.
    conn: Cell<*mut Connection>,
    id: Cell<u64>,
    len: Cell<usize>,
    /// Who asks (`this_thread`).
    thread: Cell<u64>,
    prev: Cell<*mut Task>,
    /// Of the first task of a batch: which one it is.
    batch: Cell<u64>,
    /// Where `ahead` has it: its place, among what its thread asks, and what that asks next.
    order: Cell<u64>,
    poster: Cell<*mut ahead::Poster>,
    next_of_thread: Cell<*mut Task>,
}

/// A function of the program's.
#[repr(C)]
#[derive(Clone, Copy)]
struct Call {
    callback: yolanda_loop_callback,
    data: *mut c_void,
}

/// A number for the calling thread, which no other has or will have: pthread_self() is given again.
fn this_thread() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(LAST.fetch_add(1, Relaxed) + 1);
        }
        number.get()
    })
}

unsafe fn new(kind: c_int, len: usize) -> *mut Task {
    let task = pool::alloc(size_of::<Task>() + len).cast::<Task>();
    if !task.is_null() {
        let public =
            channel_element { r#type: kind, channel: ptr::null_mut(), next: ptr::null_mut() };
        // SAFETY: a fresh block of that size.
        unsafe {
            task.write(Task {
                public,
                fd: Cell::new(-1),
                conn: Cell::new(ptr::null_mut()),
                id: Cell::new(0),
                len: Cell::new(len),
                thread: Cell::new(this_thread()),
                prev: Cell::new(ptr::null_mut()),
                batch: Cell::new(0),
                order: Cell::new(0),
                poster: Cell::new(ptr::null_mut()),
                next_of_thread: Cell::new(ptr::null_mut()),
            });
        }
    }
    task
}

unsafe fn dispose(task: *mut Task) {
    // SAFETY: the task was made by `new` with this length and is in no queue.
    unsafe { pool::free(task.cast(), size_of::<Task>() + (*task).len.get()) };
}

unsafe fn next(task: *mut Task) -> *mut Task {
    // SAFETY: a live task; only tasks are linked.
    unsafe { (*task).public.next.cast() }
}

/// Appends a task and wakes the loop. False, with the task disposed of, when the loop was freed.
unsafe fn push(l: *mut event_loop, task: *mut Task) -> bool {
    // SAFETY: the list is touched under the loop's mutex only; the caller's reference keeps `l`.
    unsafe {
        libc::pthread_mutex_lock((*l).mutex.get());
        if (*of(l)).gone.get() || (*of(l)).ending.get() && !owner::on_owner(l) {
            libc::pthread_mutex_unlock((*l).mutex.get());
            unpin(task);
            return false;
        }
        if (*l).pending_tail.get().is_null() {
            (*l).pending_head.set(task.cast());
        } else {
            (*(*l).pending_tail.get()).next = task.cast();
            (*task).prev.set((*l).pending_tail.get().cast());
        }
        (*l).pending_tail.set(task.cast());
        (*of(l)).wake.queued();
        if !owner::on_owner(l) || (*of(l)).depth.get() == 0 {
            // While the lock is held: afterwards the loop may be taken down, and its pair closed.
            wakeup::wake_once(l);
        }
        libc::pthread_mutex_unlock((*l).mutex.get());
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
        libc::pthread_mutex_lock((*l).mutex.get());
        (*of(l)).ending.set(true);
        libc::pthread_mutex_unlock((*l).mutex.get());
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
        (*task).fd.set(fd);
        queue(l, task)
    }
}

/// Makes a task for a connection, which it keeps, with room for `len` bytes. NULL when memory is out.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn for_connection(conn: *mut Connection, kind: c_int, len: usize) -> *mut Task {
    // SAFETY: the task is checked before use.
    unsafe {
        let task = new(kind, len);
        if task.is_null() {
            return task;
        }
        if !(*conn).refs.retain() {
            dispose(task);
            return ptr::null_mut();
        }
        (*task).conn.set(conn);
        (*conn).pins.fetch_add(1, Relaxed);
        task
    }
}

/// Puts the bytes into a task of `for_connection`.
///
/// # Safety
/// The task is in no queue; `data` holds as many bytes as it was made for.
pub unsafe fn fill(task: *mut Task, data: *const u8) {
    // SAFETY: the bytes stand behind the task, which was made with room for them.
    unsafe { ptr::copy_nonoverlapping(data, task.add(1).cast(), (*task).len.get()) }
}

/// Queues a task that `for_connection` made. From then on only the task keeps the connection.
/// False when the loop was freed.
///
/// # Safety
/// The task is in no queue.
pub unsafe fn post_task(task: *mut Task) -> bool {
    // SAFETY: the task refers to the connection.
    unsafe { push((*(*task).conn.get()).public.eventLoop.get(), task) }
}

/// Throws a task of `for_connection` away that isn't needed after all.
///
/// # Safety
/// The task is in no queue; the caller's own reference keeps the connection.
pub unsafe fn withdraw(task: *mut Task) {
    // SAFETY: as said.
    unsafe { unpin(task) }
}

/// Has a connection close after its queue is sent, or at `time`. False when the loop was freed.
///
/// # Safety
/// As `post_task`; `for_connection` made it an `END`.
pub unsafe fn post_end(task: *mut Task, time: i64) -> bool {
    // SAFETY: as said.
    unsafe {
        (*task).id.set(time as u64);
        post_task(task)
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
            (*task).fd.set(fd);
            (*task).id.set(id);
            push(l, task);
        }
    }
}

/// Takes what is queued: it is behind what was taken before.
///
/// # Safety
/// On the loop's thread.
unsafe fn collect(l: *mut event_loop) {
    // SAFETY: the list is taken out under the mutex; its tasks are then this thread's alone.
    unsafe {
        let own = of(l);
        if !(*own).wake.has_queued() {
            return;
        }
        libc::pthread_mutex_lock((*l).mutex.get());
        let (first, last) =
            ((*l).pending_head.get().cast::<Task>(), (*l).pending_tail.get().cast::<Task>());
        (*l).pending_head.set(ptr::null_mut());
        (*l).pending_tail.set(ptr::null_mut());
        (*own).wake.emptied();
        libc::pthread_mutex_unlock((*l).mutex.get());
        if first.is_null() {
            return;
        }
        (*own).batch.set((*own).batch.get() + 1);
        (*first).batch.set((*own).batch.get());
        (*first).prev.set((*own).taken_tail.get());
        if (*own).taken.get().is_null() {
            (*own).taken.set(first);
        } else {
            (*(*own).taken_tail.get()).public.next = first.cast();
        }
        (*own).taken_tail.set(last);
        if (*own).posters.new.is_null() {
            (*own).posters.new = first;
        }
    }
}

/// Takes a task off the list of those that were taken.
unsafe fn unlink(l: *mut event_loop, task: *mut Task) {
    // SAFETY: the list is the loop's thread's; the task is in it.
    unsafe {
        let own = of(l);
        let (prev, following) = ((*task).prev.get(), next(task));
        if prev.is_null() {
            (*own).taken.set(following);
        } else {
            (*prev).public.next = following.cast();
        }
        if following.is_null() {
            (*own).taken_tail.set(prev);
        } else {
            (*following).prev.set(prev);
            if (*following).batch.get() == 0 {
                (*following).batch.set((*task).batch.get());
            }
        }
        if (*own).posters.new == task {
            (*own).posters.new = following;
        }
    }
}

/// Runs what is queued, in order, without what is queued meanwhile. No callback of a connection is
/// called from here, but functions that were posted are: they may run the loop, whose pass then goes
/// on with what was taken before. So are the destructors of connections that only a task kept.
///
/// # Safety
/// On the loop's thread.
#[inline]
pub unsafe fn run(l: *mut event_loop) {
    // SAFETY: the flag is atomic; the taken tasks are this thread's alone.
    unsafe {
        if !(*of(l)).taken.get().is_null() || (*of(l)).wake.has_queued() {
            run_all(l);
        }
    }
}

#[inline(never)]
unsafe fn run_all(l: *mut event_loop) {
    // SAFETY: the taken tasks are this thread's alone.
    unsafe {
        let own = of(l);
        collect(l);
        if (*own).taken.get().is_null() {
            return;
        }
        let last = (*own).batch.get();
        let nested = std::mem::replace(&mut (*l).is_handle_pending, Cell::new(1));
        let mut count = 0u32;
        while !(*own).taken.get().is_null() && (*(*own).taken.get()).batch.get() <= last {
            let task = (*own).taken.get();
            let calls = (*task).public.r#type == CALL;
            unlink(l, task);
            run_one(l, task);
            count = count.wrapping_add(1);
            if calls || count.is_multiple_of(OTHERS) {
                budget::between(l);
            }
        }
        (*l).is_handle_pending.set(nested.get());
    }
}

/// Does what a task asks for, and frees it.
unsafe fn run_one(l: *mut event_loop, task: *mut Task) {
    // SAFETY: a task taken from the queue, in no list any more but its thread's.
    unsafe {
        if (*task).public.r#type != CALL {
            carry_out(l, task);
            ahead::forget(l, task);
            return unpin(task);
        }
        let call = *task.add(1).cast::<Call>();
        let thread = (*task).thread.get();
        ahead::forget(l, task);
        // Freed first: the function may end in a way that never comes back here.
        unpin(task);
        count(&(*of(l)).counts.posts, 1);
        count(&(*of(l)).counts.callbacks, 1);
        if let Some(callback) = call.callback {
            (*of(l)).posters.running.begin(thread);
            callback(l, call.data);
            (*of(l)).posters.running.end();
        }
    }
}

/// Does what a task other than a function asks for.
unsafe fn carry_out(l: *mut event_loop, task: *mut Task) {
    // SAFETY: a task taken from the queue; its connection is kept until it is freed.
    unsafe {
        let (fd, ch, conn) = ((*task).fd.get(), (*task).public.channel, (*task).conn.get());
        match (*task).public.r#type {
            ADD | REMOVE | UPDATE => {
                registration::change(l, fd, ch, (*task).public.r#type);
            }
            REGISTER => tcp_connection::register(conn),
            SEND => tcp_connection::take_posted_bytes(conn, task.add(1).cast(), (*task).len.get()),
            SHUTDOWN => tcp_connection::take_posted_shutdown(conn),
            CLOSE => tcp_connection::take_posted_close(conn),
            END => tcp_connection::take_posted_end(conn, (*task).id.get() as i64),
            EXPIRE => {
                let reg = super::state::registration(l, fd);
                if !reg.is_null() && (*reg).id == (*task).id.get() as u32 {
                    registration::expire(l, fd);
                }
            }
            _ => {}
        }
    }
}

/// Frees a task that is done with, and lets its connection go: nobody else may have it any more.
unsafe fn unpin(task: *mut Task) {
    // SAFETY: the task is in no queue.
    unsafe {
        let conn = (*task).conn.get();
        dispose(task);
        if !conn.is_null() {
            (*conn).pins.fetch_sub(1, AcqRel);
            tcp_connection::release(conn);
        }
    }
}

/// Refuses what comes later, if nothing is queued now.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn shut_if_empty(l: *mut event_loop) -> bool {
    // SAFETY: as in `run`.
    unsafe {
        libc::pthread_mutex_lock((*l).mutex.get());
        let own = of(l);
        (*own).gone.set((*l).pending_head.get().is_null() && (*own).taken.get().is_null());
        let gone = (*own).gone.get();
        libc::pthread_mutex_unlock((*l).mutex.get());
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
        libc::pthread_mutex_lock((*l).mutex.get());
        (*of(l)).gone.set(true);
        libc::pthread_mutex_unlock((*l).mutex.get());
    }
}
