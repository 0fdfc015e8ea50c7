//! A task of a loop's queue: a block of pool memory with the part that C sees, the queue's fields, the action,
//! and optional bytes.

use crate::abi::types::{Destroy, channel, channel_element, yolanda_loop_callback};
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The position of a task in the order of its thread's calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A send on the loop's thread comes after it, so it may be run ahead of its turn.
    Ahead,
    /// It waits for its turn, and so do later tasks of its thread.
    InTurn,
    /// Its position in the order of its thread's calls isn't observable.
    Any,
}

/// The action of a task. It is dropped on the loop's thread, or where the task is dropped.
pub trait Posted: Sized + Send {
    const ORDER: Order;

    /// The part that C sees: the number of the change and its channel.
    fn public(&self) -> (c_int, *mut channel) {
        (0, ptr::null_mut())
    }

    /// The object that the task is for; the address is only compared.
    fn subject(&self) -> *const () {
        ptr::null()
    }

    /// A function to call, instead of `run`, after the task was freed.
    fn call(&self) -> Option<Call> {
        None
    }

    /// Runs the action on the loop's thread. `bytes` are those with which the task was made.
    fn run(&self, l: &Loop, bytes: &[u8]);
}

/// A function of the program.
#[derive(Clone, Copy)]
pub struct Call {
    pub callback: yolanda_loop_callback,
    pub data: *mut c_void,
    /// Frees the data after the call. Not called if the task is discarded: then the post has failed.
    pub destroy: Destroy,
}

impl Call {
    /// A function whose data isn't destroyed.
    pub fn new(callback: yolanda_loop_callback, data: *mut c_void) -> Call {
        Call { callback, data, destroy: None }
    }
}

// SAFETY: the data is only passed to the functions, which the poster has chosen for the loop's thread.
unsafe impl Send for Call {}

/// The functions for one type of `Posted`.
struct What {
    order: Order,
    call: unsafe fn(NonNull<Head>) -> Option<Call>,
    run: unsafe fn(NonNull<Head>, &Loop),
    free: unsafe fn(NonNull<Head>),
}

/// The beginning of all tasks. `public` comes first, because C sees the queue as a list of these.
#[repr(C)]
pub struct Head {
    public: channel_element,
    what: &'static What,
    pub subject: *const (),
    /// The number of bytes after the task.
    len: usize,
    /// The posting thread (`this_thread`).
    pub thread: u64,
    pub prev: Cell<Option<Queued>>,
    /// The number of the batch, in its first task.
    pub batch: Cell<u64>,
    /// Its number among the tasks of its thread and the next of those, once it is sorted (`ahead`).
    pub place: Cell<u64>,
    pub next_of_thread: Cell<Option<Queued>>,
    /// It was run ahead of its turn.
    pub done: Cell<bool>,
}

#[repr(C)]
struct Node<P> {
    head: Head,
    posted: P,
}

impl<P: Posted> Node<P> {
    const WHAT: What = What { order: P::ORDER, call: Self::call, run: Self::run, free: Self::free };

    /// # Safety
    /// `head` is the beginning of a node of this type.
    unsafe fn call(head: NonNull<Head>) -> Option<Call> {
        // SAFETY: only `Task::new` makes heads, with the functions of the node's type.
        unsafe { head.cast::<Self>().as_ref() }.posted.call()
    }

    /// # Safety
    /// `head` is the beginning of a node of this type, whose bytes are initialised.
    unsafe fn run(head: NonNull<Head>, l: &Loop) {
        // SAFETY: by contract the head is the beginning of a node of this type. `len` bytes follow the node in
        // its block, and `with_bytes` has initialised them.
        let (posted, bytes) = unsafe {
            let node = head.cast::<Self>();
            let len = node.as_ref().head.len;
            (&node.as_ref().posted, slice::from_raw_parts(node.add(1).cast::<u8>().as_ptr(), len))
        };
        posted.run(l, bytes);
    }

    /// # Safety
    /// `head` is the beginning of a node of this type, is in no list, and isn't used afterwards.
    unsafe fn free(head: NonNull<Head>) {
        // SAFETY: by contract the head is the beginning of a node of this type, which nothing else uses. The
        // block was allocated with this size. The parts are moved out and dropped here, and not with the block.
        let posted = unsafe {
            let node = head.cast::<Self>();
            let Node { head: Head { len, .. }, posted } = node.read();
            pool::free(node.cast().as_ptr(), size_of::<Self>() + len);
            posted
        };
        // Last, because it may release a connection, which may call the program.
        drop(posted);
    }
}

/// A task that is in no queue. Dropping it discards it.
pub struct Task(Queued);

impl Task {
    /// None if out of memory.
    pub fn new<P: Posted>(posted: P) -> Option<Task> {
        Self::with_bytes(posted, &[])
    }

    /// A task with a copy of the bytes. None if out of memory.
    pub fn with_bytes<P: Posted>(posted: P, bytes: &[u8]) -> Option<Task> {
        const { assert!(align_of::<Node<P>>() <= 16) };
        let size = size_of::<Node<P>>().checked_add(bytes.len())?;
        let node = NonNull::new(pool::alloc(size))?.cast::<Node<P>>();
        let (kind, channel) = posted.public();
        let head = Head {
            public: channel_element { r#type: kind, channel, next: Cell::new(ptr::null_mut()) },
            what: const { &Node::<P>::WHAT },
            subject: posted.subject(),
            len: bytes.len(),
            thread: this_thread(),
            prev: Cell::new(None),
            batch: Cell::new(0),
            place: Cell::new(0),
            next_of_thread: Cell::new(None),
            done: Cell::new(false),
        };
        // SAFETY: a new block, aligned to 16, with the size of the node and the bytes.
        unsafe {
            node.write(Node { head, posted });
            node.add(1)
                .cast::<u8>()
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
        Some(Task(Queued(node.cast())))
    }

    /// Transfers ownership of the task to a queue.
    pub fn queue(self) -> Queued {
        ManuallyDrop::new(self).0
    }
}

impl Deref for Task {
    type Target = Queued;

    fn deref(&self) -> &Queued {
        &self.0
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let head = self.0.0;
        // SAFETY: an owned task is in no list, and its functions are those of its type.
        unsafe { (self.0.what.free)(head) }
    }
}

/// A task in a queue of a loop, which owns it until it is removed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Queued(NonNull<Head>);

impl Deref for Queued {
    type Target = Head;

    fn deref(&self) -> &Head {
        // SAFETY: a `Queued` is in a list that contains the task, or its holder owns the task: `Taken::unlink`
        // removes it from all lists before it is freed.
        unsafe { self.0.as_ref() }
    }
}

impl Queued {
    /// The task that begins with an element of the public queue.
    pub fn from_public(element: *mut channel_element) -> Option<Queued> {
        // Only tasks are in that queue, and each begins with its element.
        NonNull::new(element.cast()).map(Queued)
    }

    pub fn as_public(self) -> *mut channel_element {
        self.0.as_ptr().cast()
    }

    /// Takes ownership of a task that was removed from its queue.
    pub fn into_task(self) -> Task {
        Task(self)
    }

    pub fn call(self) -> Option<Call> {
        // SAFETY: the functions are those of the node's type.
        unsafe { (self.what.call)(self.0) }
    }

    pub fn run(self, l: &Loop) {
        // SAFETY: the functions are those of the node's type, and `with_bytes` has initialised the bytes.
        unsafe { (self.what.run)(self.0, l) }
    }
}

impl Head {
    pub fn order(&self) -> Order {
        self.what.order
    }

    pub fn next(&self) -> Option<Queued> {
        Queued::from_public(self.public.next.get())
    }

    pub fn set_next(&self, next: Option<Queued>) {
        self.public.next.set(next.map_or(ptr::null_mut(), Queued::as_public));
    }
}

/// A number for the calling thread that is never reused, unlike pthread_self().
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Counted(Arc<()>);

    impl Posted for Counted {
        const ORDER: Order = Order::Ahead;

        fn subject(&self) -> *const () {
            Arc::as_ptr(&self.0)
        }

        fn run(&self, _: &Loop, _: &[u8]) {}
    }

    #[test]
    fn a_task_that_is_thrown_away_gives_back_what_it_has() {
        let shared = Arc::new(());
        for bytes in [&b""[..], &[7; 100_000]] {
            let task = Task::with_bytes(Counted(shared.clone()), bytes).unwrap();
            assert_eq!((Arc::strong_count(&shared), task.len), (2, bytes.len()));
            assert!(task.order() == Order::Ahead && task.call().is_none());
            assert_eq!(task.subject, Arc::as_ptr(&shared));
            drop(task);
            assert_eq!(Arc::strong_count(&shared), 1);
        }
    }

    #[test]
    fn a_queue_of_tasks_keeps_its_order() {
        let call = |n: usize| Task::new(Call::new(None, ptr::without_provenance_mut(n)));
        let (first, second) = (call(1).unwrap().queue(), call(2).unwrap().queue());
        first.set_next(Some(second));
        assert!(Queued::from_public(first.as_public()) == Some(first));
        let data = |task: Queued| task.call().unwrap().data.addr();
        assert_eq!((data(first), first.next().map(data)), (1, Some(2)));
        assert!(second.next().is_none() && first.thread == second.thread);
        drop((first.into_task(), second.into_task()));
    }
}
