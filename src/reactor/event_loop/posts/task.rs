//! One task of a loop's queue: a block of pool memory with what C sees of it, what the queue needs, what the task
//! is to do, and bytes that go with it.

use crate::abi::types::{channel, channel_element, yolanda_loop_callback};
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where a task stands in the order of its thread's calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A send on the loop's thread comes after it: it may be carried out before its turn.
    Ahead,
    /// It waits for its turn, and what its thread asks for afterwards waits with it.
    InTurn,
    /// It changes nothing that the order of a thread's calls shows.
    Any,
}

/// What a task is to do. It is dropped on the loop's thread, or where the task is thrown away.
pub trait Posted: Sized + Send {
    const ORDER: Order;

    /// What C sees of the task: the number of the change and its channel.
    fn public(&self) -> (c_int, *mut channel) {
        (0, ptr::null_mut())
    }

    /// Whom it is for: an address that is compared, nothing more.
    fn subject(&self) -> *const () {
        ptr::null()
    }

    /// A function to be called when the task is gone, in place of `run`.
    fn call(&self) -> Option<Call> {
        None
    }

    /// Does it, on the loop's thread. `bytes` are those that the task was made with.
    fn run(&self, l: &Loop, bytes: &[u8]);
}

/// A function of the program's.
#[derive(Clone, Copy)]
pub struct Call {
    pub callback: yolanda_loop_callback,
    pub data: *mut c_void,
}

// SAFETY: the data is only handed to the function, which whoever posts it has chosen for the loop's thread.
unsafe impl Send for Call {}

/// The functions for one type of `Posted`.
struct What {
    order: Order,
    call: unsafe fn(NonNull<Head>) -> Option<Call>,
    run: unsafe fn(NonNull<Head>, &Loop),
    free: unsafe fn(NonNull<Head>),
}

/// What all tasks begin with. `public` comes first: C sees the queue as a list of these.
#[repr(C)]
pub struct Head {
    public: channel_element,
    what: &'static What,
    pub subject: *const (),
    /// How many bytes stand behind the task.
    len: usize,
    /// Who asks (`this_thread`).
    pub thread: u64,
    pub prev: Cell<Option<Queued>>,
    /// Of the first task of a batch: which one it is.
    pub batch: Cell<u64>,
    /// Its place among what its thread asks, and what that asks next, once it is sorted (`ahead`).
    pub place: Cell<u64>,
    pub next_of_thread: Cell<Option<Queued>>,
    /// It was carried out before its turn.
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
    /// `head` begins a node of this type.
    unsafe fn call(head: NonNull<Head>) -> Option<Call> {
        // SAFETY: only `Task::new` makes heads, with the functions of the type behind the head.
        unsafe { head.cast::<Self>().as_ref() }.posted.call()
    }

    /// # Safety
    /// `head` begins a node of this type, and its bytes are filled.
    unsafe fn run(head: NonNull<Head>, l: &Loop) {
        // SAFETY: the head begins a node of this type, by the caller's promise. `len` bytes follow the node in
        // its block, and `with_bytes` has filled them.
        let (posted, bytes) = unsafe {
            let node = head.cast::<Self>();
            let len = node.as_ref().head.len;
            (&node.as_ref().posted, slice::from_raw_parts(node.add(1).cast::<u8>().as_ptr(), len))
        };
        posted.run(l, bytes);
    }

    /// # Safety
    /// `head` begins a node of this type, is in no list, and isn't used afterwards.
    unsafe fn free(head: NonNull<Head>) {
        // SAFETY: the head begins a node of this type, which nobody else uses, by the caller's promise. The block was
        // allocated with this size. What is moved out is dropped here, and not with the block.
        let posted = unsafe {
            let node = head.cast::<Self>();
            let Node { head: Head { len, .. }, posted } = node.read();
            pool::free(node.cast().as_ptr(), size_of::<Self>() + len);
            posted
        };
        // At last: it may let a connection go, and that may call the program.
        drop(posted);
    }
}

/// A task that is in no queue. Dropping it throws it away.
pub struct Task(Queued);

impl Task {
    /// None when memory is out.
    pub fn new<P: Posted>(posted: P) -> Option<Task> {
        Self::with_bytes(posted, &[])
    }

    /// A task that takes a copy of the bytes with it.
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
        // SAFETY: a fresh block, aligned to 16, of the node's size and the bytes'.
        unsafe {
            node.write(Node { head, posted });
            node.add(1)
                .cast::<u8>()
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
        Some(Task(Queued(node.cast())))
    }

    /// Gives the task to a queue.
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
        // SAFETY: a task that somebody owns is in no list, and its functions are those of its type.
        unsafe { (self.0.what.free)(head) }
    }
}

/// A task in a queue of a loop, which owns it until it is taken out of there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Queued(NonNull<Head>);

impl Deref for Queued {
    type Target = Head;

    fn deref(&self) -> &Head {
        // SAFETY: what has a `Queued` is in the list of the same task, or owns the task: `Taken::unlink` takes it
        // out of all of them before it is freed.
        unsafe { self.0.as_ref() }
    }
}

impl Queued {
    /// The task that begins with an element of the public queue.
    pub fn from_public(element: *mut channel_element) -> Option<Queued> {
        // Only tasks are linked there, and each begins with its element.
        NonNull::new(element.cast()).map(Queued)
    }

    pub fn as_public(self) -> *mut channel_element {
        self.0.as_ptr().cast()
    }

    /// Takes it over from the queue that it was in.
    pub fn into_task(self) -> Task {
        Task(self)
    }

    pub fn call(self) -> Option<Call> {
        // SAFETY: the functions are those of the type that stands behind the head.
        unsafe { (self.what.call)(self.0) }
    }

    pub fn run(self, l: &Loop) {
        // SAFETY: the functions are those of the type that stands behind the head, and `with_bytes` has filled
        // the bytes.
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
        let call =
            |n: usize| Task::new(Call { callback: None, data: ptr::without_provenance_mut(n) });
        let (first, second) = (call(1).unwrap().queue(), call(2).unwrap().queue());
        first.set_next(Some(second));
        assert!(Queued::from_public(first.as_public()) == Some(first));
        let data = |task: Queued| task.call().unwrap().data.addr();
        assert_eq!((data(first), first.next().map(data)), (1, Some(2)));
        assert!(second.next().is_none() && first.thread == second.thread);
        drop((first.into_task(), second.into_task()));
    }
}
