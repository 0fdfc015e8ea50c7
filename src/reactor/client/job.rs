//! A look-up of a name: the part for its loop, and the part that is shared with the resolver threads.
//!
//! The list of the loop has a reference until the answer has arrived. The queue or the thread that works on the
//! job, and the client, have others (`JobRef`). Only the loop's thread uses `link` and `client`.

use super::{ADDRESSES, Client};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Link, List, Place};
use crate::sync::refs::{RefCount, Released};
use crate::sys::address::Address;
use crate::sys::clock::now_ms;
use crate::sys::pool;
use libc::c_int;
use std::array;
use std::cell::Cell;
use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// The maximum length of a host name with its NUL.
const HOST: usize = 256;

/// The stage of a job in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// In the queue.
    Waiting,
    /// In the queue, but not needed.
    Unwanted,
    /// A thread is looking it up or has done so.
    Asking,
    /// It was taken from the queue while it wasn't needed.
    Skipped,
}

/// An event of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its client doesn't wait for it any more.
    Leave,
    /// Another attempt wants it.
    Adopt,
    /// A thread takes it from the queue.
    Take,
}

impl Stage {
    /// The next stage. None if the event can't happen.
    pub fn after(self, event: Event) -> Option<Stage> {
        use Event::*;
        use Stage::*;
        Some(match (self, event) {
            (Waiting | Unwanted, Leave) => Unwanted,
            (Waiting | Unwanted, Adopt) => Waiting,
            // The answer is on its way: it is discarded, or used by the new attempt.
            (Asking, Leave | Adopt) => Asking,
            (Waiting, Take) => Asking,
            (Unwanted, Take) => Skipped,
            (Skipped, Leave) => Skipped,
            (Skipped, Adopt) | (Asking | Skipped, Take) => return None,
        })
    }
}

pub struct Job {
    refs: RefCount,
    /// The loop that gets the answer. The job keeps the loop's memory.
    event_loop: NonNull<Loop>,
    /// In the list of the loop.
    link: Link,
    /// The client that waits. It clears this when it leaves.
    client: Cell<Option<NonNull<Client>>>,
    host: [u8; HOST],
    /// The process to which the threads belong.
    process: libc::pid_t,
    /// The link in the queue, and the stage: both protected by the queue's lock.
    pub(super) in_line: Link,
    pub(super) stage: Cell<Stage>,
    /// When the answer was found (CLOCK_MONOTONIC, milliseconds); 0 before. Until then the resolver thread writes
    /// the answer; after it has arrived, the loop's thread reads it.
    found: AtomicI64,
    error: Cell<c_int>,
    count: Cell<usize>,
    addresses: [Cell<Address>; ADDRESSES],
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: the reference that `JobRef::new` took, which is released once.
        unsafe { self.event_loop().release() }
    }
}

impl Job {
    pub fn event_loop(&self) -> &Loop {
        // SAFETY: the job has a reference to the loop's memory until it is dropped.
        unsafe { self.event_loop.as_ref() }
    }

    pub fn host(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.host).unwrap_or_default()
    }

    /// Whether another attempt may use the job: no client waits for it, and its threads belong to this process.
    pub fn is_free_for(&self, host: &[u8], process: libc::pid_t) -> bool {
        self.client.get().is_none() && self.process == process && self.host().to_bytes() == host
    }

    pub fn set_client(&self, client: &Client) {
        self.client.set(Some(NonNull::from(client)));
    }

    /// Removes and returns the client that waits. On the loop's thread.
    pub fn take_client(&self) -> Option<&Client> {
        // SAFETY: a client leaves its job before it is freed, which clears the pointer.
        self.client.take().map(|client| unsafe { client.as_ref() })
    }

    /// Writes the answer. Called by the thread that has taken the job from the queue.
    pub fn answer(&self, answer: Result<&[Address], c_int>) {
        match answer {
            Ok(found) => {
                self.addresses.iter().zip(found).for_each(|(place, address)| place.set(*address));
                self.count.set(found.len().min(ADDRESSES));
            }
            Err(e) => self.error.set(e),
        }
        self.found.store(now_ms(), Relaxed);
    }

    /// Milliseconds since the answer was found, whether or not it has arrived at the loop. None before.
    pub fn since_found(&self) -> Option<i64> {
        let found = self.found.load(Relaxed);
        (found != 0).then(|| (now_ms() - found).max(0))
    }

    /// The errno value for the client, 0 if there are addresses. Like the next two, after the answer has arrived.
    pub fn error(&self) -> c_int {
        self.error.get()
    }

    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// One of the addresses, without a port.
    pub fn address(&self, i: usize) -> Option<Address> {
        self.addresses.get(i).map(Cell::get)
    }
}

/// A reference that keeps a job. Any thread may have and drop one.
pub struct JobRef(NonNull<Job>);

impl JobRef {
    /// A job that is in no list. None if out of memory.
    pub fn new(l: &Loop, host: &[u8]) -> Option<JobRef> {
        const { assert!(align_of::<Job>() <= 16) };
        debug_assert!(host.len() < HOST);
        let mut name = [0; HOST];
        name.iter_mut().zip(host).for_each(|(to, from)| *to = *from);
        let place = NonNull::new(pool::alloc(size_of::<Job>()))?.cast::<Job>();
        let job = Job {
            refs: RefCount::new(),
            event_loop: NonNull::from(l),
            link: Link::new(),
            client: Cell::new(None),
            host: name,
            // SAFETY: getpid has no preconditions.
            process: unsafe { libc::getpid() },
            in_line: Link::new(),
            stage: Cell::new(Stage::Waiting),
            found: AtomicI64::new(0),
            error: Cell::new(0),
            count: Cell::new(0),
            addresses: array::from_fn(|_| Cell::new(Address::none())),
        };
        l.retain();
        // SAFETY: a new block of the job's size, aligned to 16.
        unsafe {
            place.write(job);
        }
        let job = JobRef(place);
        job.refs.retain();
        // The handles have the only references.
        job.refs.let_go();
        Some(job)
    }

    pub fn as_ptr(&self) -> NonNull<Job> {
        self.0
    }

    /// Another reference to a job that is kept by somebody during the call.
    pub fn of(job: &Job) -> JobRef {
        job.refs.retain();
        JobRef(NonNull::from(job))
    }
}

impl Clone for JobRef {
    fn clone(&self) -> JobRef {
        JobRef::of(self)
    }
}

impl Deref for JobRef {
    type Target = Job;

    fn deref(&self) -> &Job {
        // SAFETY: this handle's reference is released only by the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for JobRef {
    fn drop(&mut self) {
        if self.refs.release() == Released::Last {
            // SAFETY: it was the last reference.
            unsafe { dispose(self.0) }
        }
    }
}

/// # Safety
/// There are no references.
unsafe fn dispose(job: NonNull<Job>) {
    // SAFETY: `JobRef::new` made it in a block of that size, which nothing uses any more.
    unsafe {
        job.drop_in_place();
        pool::free(job.cast().as_ptr(), size_of::<Job>());
    }
}

/// Borrowed by a function that uses jobs in a list, which releases no reference to a job meanwhile.
pub struct Look;

/// The list of a loop's jobs whose answers haven't arrived. It has a reference to each.
pub struct OfLoop;

// SAFETY: `link` always returns the same field. The list's reference keeps a job in place, as long as the borrow
// of `Look` lasts.
unsafe impl Place for OfLoop {
    type Item = Job;
    type Keeper = Look;

    fn link(job: &Job) -> &Link {
        &job.link
    }
}

/// The queue of jobs that no thread has taken yet. It has a reference to each.
pub struct InLine;

// SAFETY: `in_line` always returns the same field; otherwise as for `OfLoop`.
unsafe impl Place for InLine {
    type Item = Job;
    type Keeper = Look;

    fn link(job: &Job) -> &Link {
        &job.in_line
    }
}

/// The list of a loop's jobs, on its thread.
pub fn jobs(l: &Loop) -> &List<OfLoop> {
    // SAFETY: only jobs are added to this list.
    unsafe { List::from_head(&l.jobs) }
}

/// Operations of both lists that transfer references.
pub trait Jobs {
    /// Appends a job, with a reference.
    fn add(&self, job: &JobRef);
    /// Removes a job, with the list's reference.
    fn take_out(&self, job: &Job) -> Option<JobRef>;
    /// Removes the first job, with the list's reference.
    fn take_first(&self) -> Option<JobRef>;
}

impl<P: Place<Item = Job, Keeper = Look>> Jobs for List<P> {
    fn add(&self, job: &JobRef) {
        if self.push_back(job) {
            // The list owns the reference from here on.
            let _ = ManuallyDrop::new(job.clone());
        }
    }

    fn take_out(&self, job: &Job) -> Option<JobRef> {
        self.remove(job).then(|| JobRef(NonNull::from(job)))
    }

    fn take_first(&self) -> Option<JobRef> {
        self.pop_front(&Look).map(|job| JobRef(NonNull::from(job)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Stage};

    #[test]
    fn what_nobody_wants_is_skipped_unless_it_is_adopted_in_time() {
        let after = |events: &[Event]| {
            events.iter().try_fold(Stage::Waiting, |stage, &event| stage.after(event))
        };
        assert_eq!(after(&[Event::Leave, Event::Take]), Some(Stage::Skipped));
        assert_eq!(after(&[Event::Leave, Event::Take, Event::Adopt]), None);
        assert_eq!(after(&[Event::Leave, Event::Adopt, Event::Take]), Some(Stage::Asking));
        assert_eq!(after(&[Event::Take, Event::Leave, Event::Adopt]), Some(Stage::Asking));
        assert_eq!(after(&[Event::Take, Event::Take]), None);
    }
}
