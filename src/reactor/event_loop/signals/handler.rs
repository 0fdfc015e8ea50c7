//! The process-wide part: the nodes, the handler, and the previous actions.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::lock::Lock;
use crate::sys::{errno, pool, signal};
use libc::{c_int, sigaction};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::SeqCst};

/// Signal numbers are 1 to 64, one bit each.
const LAST: c_int = 64;

/// The data of a loop with watchers that the handler needs.
pub struct Node {
    /// NULL if the node is unused.
    owner: AtomicPtr<event_loop>,
    /// Bit n - 1 stands for signal n.
    wanted: AtomicU64,
    arrived: AtomicU64,
    next: AtomicPtr<Node>,
}

/// The list of all nodes, the newest first.
static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());
/// The number of handlers that are running, on all threads.
static AT_WORK: AtomicU32 = AtomicU32::new(0);

/// The number of watchers of a signal in the process, and the action before the first.
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
        // SAFETY: only `enlist` links nodes, after initialising them, and they are never freed.
        unsafe { link.load(SeqCst).as_ref() }
    };
    std::iter::successors(at(&NODES), move |node| at(&node.next))
}

/// Async-signal-safe: it uses atomics and writes one byte to the loop's socket.
extern "C" fn on_signal(number: c_int) {
    let _keep = errno::Keep::new();
    AT_WORK.fetch_add(1, SeqCst);
    for node in nodes() {
        // A loop that wants the signal owns the node at least until no handler is running.
        if node.wanted.load(SeqCst) & bit(number) != 0 {
            let l = node.owner.load(SeqCst);
            node.arrived.fetch_or(bit(number), SeqCst);
            // SAFETY: a loop that is being freed waits in `leave` until no handler is running.
            unsafe { RemoteLoop::from_c(l) }.wake_once();
        }
    }
    AT_WORK.fetch_sub(1, SeqCst);
}

/// The handler. Its address is compared, and always read from here, because a function may have several.
static HANDLER: extern "C" fn(c_int) = on_signal;

/// Whether a signal can be watched: not if it can't be caught or is raised by processor faults.
pub fn is_watchable(number: c_int) -> bool {
    let never =
        [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    (1..=LAST).contains(&number) && !never.contains(&number)
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == signal::address(HANDLER)
}

/// Adds a watcher, and installs the handler if it isn't installed. False with errno.
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

/// Removes a watcher. After the last one, restores the previous action, unless the program has replaced the
/// handler.
pub fn give_back(number: c_int) {
    let mut uses = USES.lock();
    let Some(one) = uses.get_mut(number as usize - 1) else { return };
    one.watchers = one.watchers.saturating_sub(1);
    if one.watchers == 0 && signal::action(number).is_some_and(|now| is_ours(&now)) {
        // SAFETY: `signal::action` returned it when the first watcher was added.
        unsafe { signal::set(number, &one.before) };
    }
}

/// In a forked child: handlers that were running on threads of the parent never end.
pub fn after_fork() {
    AT_WORK.store(0, SeqCst);
}

/// A node for a loop. None if out of memory.
/// Never inlined with `plain-malloc`, because tests/cmake/memcheck.supp contains its name.
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
    // SAFETY: a new block of that size, which is never freed.
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
    /// Releases the node, and waits until no handler uses the loop.
    pub fn leave(&self) {
        self.wanted.store(0, SeqCst);
        while AT_WORK.load(SeqCst) > 0 {
            std::thread::yield_now();
        }
        // Only after this may another loop use the node, so it gets no signals that were meant for this one.
        self.arrived.store(0, SeqCst);
        self.owner.store(ptr::null_mut(), SeqCst);
    }

    /// Sets whether the loop wants a signal.
    pub fn want(&self, number: c_int, on: bool) {
        if on {
            self.wanted.fetch_or(bit(number), SeqCst);
        } else {
            self.wanted.fetch_and(!bit(number), SeqCst);
            self.arrived.fetch_and(!bit(number), SeqCst);
        }
    }

    /// Returns and clears the signals that have arrived, one bit each; see `has`.
    pub fn take_arrived(&self) -> u64 {
        if self.arrived.load(SeqCst) == 0 { 0 } else { self.arrived.swap(0, SeqCst) }
    }
}

pub fn has(arrived: u64, number: c_int) -> bool {
    arrived & bit(number) != 0
}
