//! Resolves host names with getaddrinfo(3) on its own threads, so that no loop blocks.
//!
//! A look-up that a thread has begun can't be cancelled. A job that its client has left stays in the list of its
//! loop, and the next attempt for the same host uses it, so a client has at most one however often it tries. The
//! queue is processed in order, so each client gets its turn.

use super::job::{Event, InLine, Stage, jobs};
use super::{ADDRESSES, Client};
use crate::abi::types::event_loop;
use crate::reactor::client::job::Job;
use crate::reactor::client::look_up::look_up;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use crate::reactor::list::KeptList;
use crate::sys::address::Address;
use crate::sys::lock::Lock;
use crate::sys::{errno, loaded};
use libc::{c_int, c_void};
use std::mem;
use std::ptr;

/// The maximum number of threads. A name server that doesn't answer occupies one for many seconds.
const THREADS: u32 = 16;
/// The stack size. It is address space, which is used only as far as the system's resolver modules need it.
const STACK: usize = 512 << 10;
/// How long a thread waits before it tries again to allocate memory for its report.
const AGAIN_US: u32 = 10_000;

/// The jobs that no thread has taken yet, and the number of threads. The lock of this struct also protects
/// `in_line` and `stage` of every job.
struct Line {
    jobs: KeptList<InLine>,
    threads: u32,
    /// The process of the threads, which don't survive a fork.
    process: libc::pid_t,
    /// The code of the threads is kept loaded.
    stays: bool,
}

// SAFETY: the fields of a job in the queue are atomic (its references), used only by the thread that has taken it
// (its answer), or protected by the queue's lock (its link and its stage).
unsafe impl Send for Line {}

static LINE: Lock<Line> = Lock::new(Line::new(0, false));

impl Line {
    const fn new(process: libc::pid_t, stays: bool) -> Line {
        Line { jobs: KeptList::new(), threads: 0, process, stays }
    }

    /// Applies an event to a job. False if it can't happen.
    fn advance(&self, job: &Job, event: Event) -> bool {
        let next = job.stage.get().after(event);
        if let Some(stage) = next {
            job.stage.set(stage);
        }
        next.is_some()
    }
}

/// Asks for a host's addresses; the answer arrives in a later iteration (`Kept::resolved`). If there is an unused
/// job for that host, the client gets that. The error is an errno value.
pub fn ask(client: &Client, host: &[u8]) -> Result<Kept<Job>, c_int> {
    let l = client.event_loop();
    // SAFETY: getpid has no preconditions.
    let process = unsafe { libc::getpid() };
    let left = jobs(l)
        .find(|job| job.is_free_for(host, process) && LINE.lock().advance(job, Event::Adopt));
    let job = match left {
        Some(job) => job,
        None => {
            let job = Job::new(l, host).ok_or(libc::ENOMEM)?;
            let listed = job.keep().ok_or(libc::EOVERFLOW)?;
            enqueue(job.keep().ok_or(libc::EOVERFLOW)?, process)?;
            jobs(l).push_back(listed);
            job
        }
    };
    job.set_client(client);
    Ok(job)
}

/// Posted by a resolver thread when the answer is available.
unsafe extern "C-unwind" fn arrived(l: *mut event_loop, data: *mut c_void) {
    // SAFETY: this is called with the running loop.
    let l = unsafe { Loop::from_c(l) };
    // SAFETY: the loop's list has a reference to the job until here, or until the loop accepts no more posts.
    let job = unsafe { &*data.cast::<Job>() };
    let Some(job) = jobs(l).remove(job) else { return };
    if let Some(client) = job.take_client().and_then(Client::keep) {
        client.resolved();
    }
}

/// A client doesn't wait for its job any more, or doesn't need its addresses any more. On the loop's thread.
pub fn leave(job: Kept<Job>) {
    if job.take_client().is_some() {
        LINE.lock().advance(&job, Event::Leave);
    }
}

/// Drops the jobs of a loop that is being freed and has no clients left.
pub fn forget_all_of(l: &Loop) {
    while jobs(l).pop_front().is_some() {}
}

/// Appends a job to the queue, and starts a thread for it if there are few. The error is an errno value, if there
/// is no thread and none can be started.
fn enqueue(job: Kept<Job>, process: libc::pid_t) -> Result<(), c_int> {
    let mut line = LINE.lock();
    if line.process != process {
        *line = Line::new(process, line.stays);
    }
    if !line.stays {
        line.stays = loaded::stay();
        if !line.stays {
            return Err(libc::ENOMEM);
        }
    }
    if line.threads < THREADS {
        match spawn() {
            0 => line.threads += 1,
            e if line.threads == 0 => return Err(e),
            _ => {}
        }
    }
    line.jobs.push_back(job);
    Ok(())
}

/// Starts a detached thread with all signals blocked. 0 or an errno value.
fn spawn() -> c_int {
    let _keep = errno::Keep::new();
    // SAFETY: attributes and signal sets are plain data, initialised by the calls for that.
    unsafe {
        let mut attributes: libc::pthread_attr_t = mem::zeroed();
        let e = libc::pthread_attr_init(&mut attributes);
        if e != 0 {
            return e;
        }
        libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
        let mut thread: libc::pthread_t = mem::zeroed();
        let mut every: libc::sigset_t = mem::zeroed();
        let mut before: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&mut every);
        libc::pthread_sigmask(libc::SIG_BLOCK, &every, &mut before);
        libc::pthread_attr_setstacksize(&mut attributes, STACK);
        let mut e = libc::pthread_create(&mut thread, &attributes, work, ptr::null_mut());
        if e == libc::EINVAL {
            // A program with a lot of thread-local memory needs a larger stack.
            libc::pthread_attr_destroy(&mut attributes);
            libc::pthread_attr_init(&mut attributes);
            libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
            e = libc::pthread_create(&mut thread, &attributes, work, ptr::null_mut());
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        libc::pthread_attr_destroy(&mut attributes);
        e
    }
}

/// A resolver thread: processes the queue and ends when it is empty.
extern "C" fn work(_: *mut c_void) -> *mut c_void {
    // SAFETY: the call sets the name of the calling thread.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"yolanda-resolve".as_ptr()) };
    while let Some((job, is_wanted)) = take() {
        if is_wanted {
            let mut addresses = [Address::none(); ADDRESSES];
            job.answer(look_up(job.host(), &mut addresses).map(|count| &addresses[..count]));
        }
        report(&job);
    }
    ptr::null_mut()
}

/// Posts the answer to the loop. A loop that was freed has dropped the job itself.
fn report(job: &Kept<Job>) {
    let data = ptr::from_ref::<Job>(job).cast_mut().cast();
    // Without the report the loop would wait for ever.
    while job.event_loop().post_function(Some(arrived), data) < 0 && errno::get() != libc::ESHUTDOWN
    {
        // SAFETY: usleep has no preconditions.
        unsafe { libc::usleep(AGAIN_US) };
    }
}

/// Takes the first job from the queue. Returns it and whether it is still needed. None ends the thread.
fn take() -> Option<(Kept<Job>, bool)> {
    let mut line = LINE.lock();
    let Some(job) = line.jobs.pop_front() else {
        line.threads -= 1;
        return None;
    };
    line.advance(&job, Event::Take);
    let is_wanted = job.stage.get() == Stage::Asking;
    Some((job, is_wanted))
}
