//! The process's side: the nodes, the handler, and what was there before it.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::lock::Lock;
use crate::sys::{errno, pool, signal};
use libc::{c_int, sigaction};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

/// Signals have the numbers 1 to 64: a bit each.
const LAST: c_int = 64;

/// What the handler needs of a loop that listens.
pub struct Node {
    /// NULL: free to be used.
    owner: AtomicPtr<event_loop>,
    /// Bit n - 1 stands for signal n.
    wanted: AtomicU64,
    arrived: AtomicU64,
    next: AtomicPtr<Node>,
}

/// The list of all nodes, the newest first.
static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());
/// Handlers that are at work, on whatever threads.
static AT_WORK: AtomicU32 = AtomicU32::new(0);

/// How many watchers a signal has in the process, and what was done with it before the first.
#[derive(Clone, Copy)]
struct Use {
    watchers: u32,
    before: sigaction,
}

const UNUSED: Use = Use { watchers: 0, before: signal::NO_ACTION };

static USES: Lock<[Use; LAST as usize]> = Lock::new([UNUSED; LAST as usize]);

fn bit(number: c_int) -> u64 {
    1 << (number - 1)
}

fn nodes() -> impl Iterator<Item = &'static Node> {
    let at = |link: &AtomicPtr<Node>| {
        // SAFETY: `enlist` alone links nodes, which are written by then and are never freed.
        unsafe { link.load(SeqCst).as_ref() }
    };
    std::iter::successors(at(&NODES), move |node| at(&node.next))
}

/// Async-signal-safe: atomics, and one byte into the loop's socket.
extern "C" fn on_signal(number: c_int) {
    let _keep = errno::Keep::new();
    AT_WORK.fetch_add(1, SeqCst);
    for node in nodes() {
        // Who wants it owns the node, and goes on owning it while a handler is at work.
        if node.wanted.load(SeqCst) & bit(number) != 0 {
            let l = node.owner.load(SeqCst);
            node.arrived.fetch_or(bit(number), SeqCst);
            // SAFETY: a loop that goes waits in `leave` until this handler isn't at work.
            unsafe { RemoteLoop::from_c(l) }.wake_once();
        }
    }
    AT_WORK.fetch_sub(1, SeqCst);
}

/// The handler. Its address is compared, and is read from here always: a function may have several.
static HANDLER: extern "C" fn(c_int) = on_signal;

/// Whether a signal can be watched: what can't be caught, and what the processor's faults raise, can't.
pub fn is_watchable(number: c_int) -> bool {
    let never =
        [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    (1..=LAST).contains(&number) && !never.contains(&number)
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == signal::address(HANDLER)
}

/// One watcher more: the handler is put in place where it isn't. False with errno.
pub fn take(number: c_int) -> bool {
    let mut uses = USES.lock();
    let Some(one) = uses.get_mut(number as usize - 1) else { return false };
    let Some(now) = signal::action(number) else { return false };
    if !is_ours(&now) {
        if !signal::handle(number, HANDLER) {
            return false;
        }
        one.before = now;
    }
    one.watchers += 1;
    true
}

/// One watcher less: behind the last one, what was there before is put back, unless the program has put
/// something else in place of the handler.
pub fn give_back(number: c_int) {
    let mut uses = USES.lock();
    let Some(one) = uses.get_mut(number as usize - 1) else { return };
    one.watchers = one.watchers.saturating_sub(1);
    if one.watchers == 0 && signal::action(number).is_some_and(|now| is_ours(&now)) {
        // SAFETY: `signal::action` returned it when the first watcher came.
        unsafe { signal::set(number, &one.before) };
    }
}

/// In a forked child: handlers that were at work on threads that it doesn't have never end.
pub fn after_fork() {
    AT_WORK.store(0, SeqCst);
}

/// A node for a loop; None when memory is out.
// tests/cmake/memcheck.supp knows it by its name.
#[cfg_attr(feature = "plain-malloc", inline(never))]
pub fn enlist(l: &Loop) -> Option<&'static Node> {
    let is_free = |node: &&Node| {
        node.owner.compare_exchange(ptr::null_mut(), l.as_c(), SeqCst, SeqCst).is_ok()
    };
    if let Some(node) = nodes().find(is_free) {
        return Some(node);
    }
    let at = NonNull::new(pool::alloc(size_of::<Node>()))?.cast::<Node>();
    let fresh = Node {
        owner: AtomicPtr::new(l.as_c()),
        wanted: AtomicU64::new(0),
        arrived: AtomicU64::new(0),
        next: AtomicPtr::new(NODES.load(SeqCst)),
    };
    // SAFETY: a fresh block of that size, which is never freed.
    let node: &'static Node = unsafe {
        at.write(fresh);
        at.as_ref()
    };
    while let Err(head) =
        NODES.compare_exchange(node.next.load(SeqCst), at.as_ptr(), SeqCst, SeqCst)
    {
        node.next.store(head, SeqCst);
    }
    Some(node)
}

impl Node {
    /// Gives the node up, and waits until no handler knows the loop any more.
    pub fn leave(&self) {
        self.wanted.store(0, SeqCst);
        while AT_WORK.load(SeqCst) > 0 {
            std::thread::yield_now();
        }
        // Only now may another loop have it: nothing that was meant for this one reaches it.
        self.arrived.store(0, SeqCst);
        self.owner.store(ptr::null_mut(), SeqCst);
    }

    /// Says whether the loop wants a signal.
    pub fn want(&self, number: c_int, on: bool) {
        if on {
            self.wanted.fetch_or(bit(number), SeqCst);
        } else {
            self.wanted.fetch_and(!bit(number), SeqCst);
            self.arrived.fetch_and(!bit(number), SeqCst);
        }
    }

    /// Takes the signals that have come: a bit each, see `has`.
    pub fn take_arrived(&self) -> u64 {
        if self.arrived.load(SeqCst) == 0 { 0 } else { self.arrived.swap(0, SeqCst) }
    }
}

pub fn has(arrived: u64, number: c_int) -> bool {
    arrived & bit(number) != 0
}
