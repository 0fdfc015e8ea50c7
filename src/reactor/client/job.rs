//! One look-up of a name: what its loop has of it, and what the threads that look names up share.
//!
//! The list of the loop has a reference until the answer has arrived; the line of jobs or the thread that works on it,
//! and the client, have others (`JobRef`). Only the loop's thread looks at `link` and `client`.

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

/// The longest host name, with its NUL.
const HOST: usize = 256;

/// How far a job is in the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// In the line.
    Waiting,
    /// In the line, and nobody wants it.
    Unwanted,
    /// A thread asks, or has asked.
    Asking,
    /// Its turn has come while nobody wanted it.
    Skipped,
}

/// What happens to a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its client doesn't wait for it any more.
    Leave,
    /// Another attempt wants it.
    Adopt,
    /// Its turn has come.
    Take,
}

impl Stage {
    /// The next stage; None where the event can't happen.
    pub fn after(self, event: Event) -> Option<Stage> {
        use Event::*;
        use Stage::*;
        Some(match (self, event) {
            (Waiting | Unwanted, Leave) => Unwanted,
            (Waiting | Unwanted, Adopt) => Waiting,
            // The answer is under way: it is thrown away, or is the new attempt's.
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
    /// Where the answer is to go. The job keeps the loop's memory.
    event_loop: NonNull<Loop>,
    /// In the list of the loop.
    link: Link,
    /// Who waits. A client takes itself off when it leaves.
    client: Cell<Option<NonNull<Client>>>,
    host: [u8; HOST],
    /// Whose threads the line has.
    process: libc::pid_t,
    /// In the line, and how far it is there: both under the line's lock.
    pub(super) in_line: Link,
    pub(super) stage: Cell<Stage>,
    /// When the answer was found (CLOCK_MONOTONIC, milliseconds); 0 before. Until then the thread that asks writes the
    /// answer; the loop's thread reads it when it has arrived.
    found: AtomicI64,
    error: Cell<c_int>,
    count: Cell<usize>,
    addresses: [Cell<Address>; ADDRESSES],
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: the reference that `JobRef::new` took, given back once.
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

    /// Whether another attempt may take the job over: nobody waits for it, and its threads are of this process.
    pub fn is_free_for(&self, host: &[u8], process: libc::pid_t) -> bool {
        self.client.get().is_none() && self.process == process && self.host().to_bytes() == host
    }

    pub fn set_client(&self, client: &Client) {
        self.client.set(Some(NonNull::from(client)));
    }

    /// Takes the client off that waits; on the loop's thread.
    pub fn take_client(&self) -> Option<&Client> {
        // SAFETY: a client that is freed leaves its job first, which takes it off.
        self.client.take().map(|client| unsafe { client.as_ref() })
    }

    /// Writes the answer; the thread that has taken the job from the line.
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

    /// Milliseconds since the answer was found, whether or not it has arrived at the loop; None before.
    pub fn since_found(&self) -> Option<i64> {
        let found = self.found.load(Relaxed);
        (found != 0).then(|| (now_ms() - found).max(0))
    }

    /// errno for the client, 0 where there are addresses. Once the answer has arrived, as the next two.
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
    /// A job that is in no list. None when memory is out.
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
        // SAFETY: a fresh block of the job's size, aligned to 16.
        unsafe {
            place.write(job);
        }
        let job = JobRef(place);
        job.refs.retain();
        // There is no other reference than those of handles.
        job.refs.let_go();
        Some(job)
    }

    pub fn as_ptr(&self) -> NonNull<Job> {
        self.0
    }

    /// Another reference to a job that somebody keeps meanwhile.
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
        // SAFETY: the reference that this handle stands for isn't given back before the drop.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for JobRef {
    fn drop(&mut self) {
        if self.refs.release() == Released::Last {
            // SAFETY: the count says that nobody else has the job.
            unsafe { dispose(self.0) }
        }
    }
}

/// # Safety
/// The last reference is gone.
unsafe fn dispose(job: NonNull<Job>) {
    // SAFETY: `JobRef::new` made it in a block of that size, which nobody uses any more.
    unsafe {
        job.drop_in_place();
        pool::free(job.cast().as_ptr(), size_of::<Job>());
    }
}

/// Who looks at a listed job borrows one of these, and gives no job's reference back meanwhile.
pub struct Look;

/// The jobs of a loop whose answers have still to arrive. Each has a reference of the list's.
pub struct OfLoop;

// SAFETY: `link` is always the same field. The list's reference keeps a job where it is, and `Look` says how long.
unsafe impl Place for OfLoop {
    type Item = Job;
    type Keeper = Look;

    fn link(job: &Job) -> &Link {
        &job.link
    }
}

/// The jobs that no thread has taken yet. Each has a reference of the line's.
pub struct InLine;

// SAFETY: `in_line` is always the same field; otherwise as for `OfLoop`.
unsafe impl Place for InLine {
    type Item = Job;
    type Keeper = Look;

    fn link(job: &Job) -> &Link {
        &job.in_line
    }
}

/// The list of a loop's jobs, on its thread.
pub fn jobs(l: &Loop) -> &List<OfLoop> {
    // SAFETY: only jobs are listed with this head.
    unsafe { List::from_head(&l.jobs) }
}

/// What both lists do with references.
pub trait Jobs {
    /// Adds a job at the end, with a reference.
    fn add(&self, job: &JobRef);
    /// Takes a job out, with the list's reference.
    fn take_out(&self, job: &Job) -> Option<JobRef>;
    /// Takes the first one out, with the list's reference.
    fn take_first(&self) -> Option<JobRef>;
}

impl<P: Place<Item = Job, Keeper = Look>> Jobs for List<P> {
    fn add(&self, job: &JobRef) {
        if self.push_back(job) {
            // The list has it from now on.
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
