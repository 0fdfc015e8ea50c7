//! One look-up of a name: what its loop has of it, and what the threads that look names up share.
//!
//! The list of the loop has a reference until the answer has arrived; the line of jobs or the thread that works on it,
//! and the client, have others (`Kept`). Only the loop's thread looks at `link` and `client`.

use super::{ADDRESSES, Client};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::{Counted, Kept};
use crate::reactor::list::{Counting, Link, places};
use crate::sync::refs::{RefCount, Released};
use crate::sys::address::Address;
use crate::sys::clock::now_ms;
use crate::sys::pool::Owned;
use libc::c_int;
use std::array;
use std::cell::Cell;
use std::ffi::CStr;
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
    event_loop: Kept<Loop>,
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

impl Job {
    pub fn event_loop(&self) -> &RemoteLoop {
        &self.event_loop
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

// SAFETY: `Job::new` puts every job into a block of its own, and only `release` frees it, behind the last reference.
unsafe impl Counted for Job {
    type Face = Job;

    fn face(&self) -> &Job {
        self
    }

    fn retain(&self) -> bool {
        self.refs.retain()
    }

    unsafe fn release(job: NonNull<Job>) {
        // SAFETY: the reference keeps the job until it is counted off.
        if unsafe { job.as_ref() }.refs.release() == Released::Last {
            // SAFETY: `new` made it of an `Owned`, and the count says that nobody else has it.
            drop(unsafe { Owned::from_raw(job) });
        }
    }
}

impl Job {
    /// A job that is in no list. None when memory is out.
    pub fn new(l: &Loop, host: &[u8]) -> Option<Kept<Job>> {
        debug_assert!(host.len() < HOST);
        let mut name = [0; HOST];
        name.iter_mut().zip(host).for_each(|(to, from)| *to = *from);
        let refs = RefCount::new();
        // The only references are those of handles.
        refs.retain();
        refs.let_go();
        let job = Owned::new(Job {
            refs,
            event_loop: l.keep()?,
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
        })?;
        // SAFETY: the count has this one reference.
        Some(unsafe { Kept::from_raw(job.into_raw()) })
    }

    /// Another reference. None when it is kept too often.
    pub fn keep(&self) -> Option<Kept<Job>> {
        Kept::of(self)
    }
}

places! {
    /// The jobs of a loop whose answers have still to arrive.
    pub enum OfLoop: KeptList<Job> by link, kept by Counting, in jobs;
    /// The jobs that no thread has taken yet.
    pub enum InLine: KeptList<Job> by in_line, kept by Counting, in;
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
