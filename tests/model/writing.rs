//! Sends of several threads, a shutdown by one of them, and the owner that executes both: accepted
//! bytes are sent before the end of the stream, in each thread's order, and nothing is accepted from a
//! thread after its own shutdown.

use crate::explore;
use crate::write_side::{Intake, Side};
use loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use loom::sync::atomic::{AtomicBool, AtomicU64};
use loom::sync::{Arc, Mutex};
use loom::thread;
use std::cell::Cell;

/// The library's intake, or one with a fault.
trait Accepts: Default + Send + Sync + 'static {
    fn accept(&self) -> bool;
    fn accept_own(&self);
    fn taken(&self);
    fn shut(&self) -> bool;
    fn waiting(&self) -> u64;
}

impl Accepts for Intake {
    fn accept(&self) -> bool {
        self.accept(1, |waiting| waiting < 10).is_ok()
    }
    fn accept_own(&self) {
        assert!(self.accept_own(1, |waiting| waiting < 10), "the owner's send was refused");
    }
    fn taken(&self) {
        self.change(-1);
    }
    fn shut(&self) -> bool {
        self.shut()
    }
    fn waiting(&self) -> u64 {
        self.waiting()
    }
}

/// The flag is separate from the count.
#[derive(Default)]
struct Apart {
    shut: AtomicBool,
    waiting: AtomicU64,
}

impl Accepts for Apart {
    fn accept(&self) -> bool {
        if self.shut.load(Acquire) {
            return false;
        }
        self.waiting.fetch_add(1, AcqRel);
        true
    }
    fn accept_own(&self) {
        self.waiting.fetch_add(1, AcqRel);
    }
    fn taken(&self) {
        self.waiting.fetch_sub(1, AcqRel);
    }
    fn shut(&self) -> bool {
        !self.shut.swap(true, AcqRel)
    }
    fn waiting(&self) -> u64 {
        self.waiting.load(Acquire)
    }
}

/// The owner doesn't wait for bytes of other threads.
#[derive(Default)]
struct Uncounted(AtomicBool);

impl Accepts for Uncounted {
    fn accept(&self) -> bool {
        !self.0.load(Relaxed)
    }
    fn accept_own(&self) {}
    fn taken(&self) {}
    fn shut(&self) -> bool {
        !self.0.swap(true, Relaxed)
    }
    fn waiting(&self) -> u64 {
        0
    }
}

enum Task {
    Send(usize, usize),
    Shutdown,
}

#[derive(Default)]
struct Shared<I> {
    intake: I,
    queue: Mutex<Vec<Task>>,
}

impl<I: Accepts> Shared<I> {
    /// `write::post`; whether the send was accepted.
    fn send(&self, thread: usize, number: usize) -> bool {
        let accepted = self.intake.accept();
        if accepted {
            self.queue.lock().unwrap().push(Task::Send(thread, number));
        }
        accepted
    }

    /// `tcp_connection_shutdown` on another thread.
    fn shut(&self) {
        if self.intake.shut() {
            self.queue.lock().unwrap().push(Task::Shutdown);
        }
    }
}

/// The owner's side, with the bytes that the peer receives.
#[derive(Default)]
struct Owner {
    side: Side,
    stream: Vec<(usize, usize)>,
}

const OWNER: usize = 9;

impl Owner {
    fn carry_out<I: Accepts>(&mut self, shared: &Shared<I>) {
        let tasks = std::mem::take(&mut *shared.queue.lock().unwrap());
        for task in tasks {
            match task {
                Task::Send(thread, number) => {
                    assert!(self.side != Side::HalfClosed, "accepted, and behind the end");
                    self.stream.push((thread, number));
                    shared.intake.taken();
                }
                Task::Shutdown => Side::shut(Cell::from_mut(&mut self.side)),
            }
            // `finish::look`.
            if self.side == Side::Shutting && shared.intake.waiting() == 0 {
                assert!(Side::half_close(Cell::from_mut(&mut self.side)));
            }
        }
    }

    /// A send of the owner, which the kernel accepts at once.
    fn send<I: Accepts>(&mut self, shared: &Shared<I>, number: usize) {
        if self.side == Side::Open {
            shared.intake.accept_own();
            self.stream.push((OWNER, number));
            shared.intake.taken();
        }
    }
}

/// Threads that send this many each, the first of which shuts down after its last, and the owner.
fn ends<I: Accepts>(preemptions: usize, senders: &'static [usize], owner_sends: bool) {
    explore(preemptions, move || {
        let shared = Arc::new(Shared::<I>::default());
        let threads: Vec<_> = (senders.iter().enumerate())
            .map(|(thread, &count)| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let accepted: Vec<_> = (0..count).filter(|&n| shared.send(thread, n)).collect();
                    if thread == 0 {
                        shared.shut();
                        assert!(!shared.send(thread, count), "accepted after its own shutdown");
                    }
                    accepted
                })
            })
            .collect();
        let mut owner = Owner::default();
        owner.carry_out(&shared);
        if owner_sends {
            owner.send(&shared, 0);
        }
        owner.carry_out(&shared);
        let accepted: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        owner.carry_out(&shared);
        assert_eq!(accepted[0].len(), senders[0], "refused before the shutdown");
        assert!(owner.side == Side::HalfClosed, "the end is never sent");
        for (thread, accepted) in accepted.iter().enumerate() {
            let seen: Vec<_> = owner.stream.iter().filter(|s| s.0 == thread).map(|s| s.1).collect();
            assert_eq!(&seen, accepted);
        }
    });
}

#[test]
fn one_sender_ends() {
    ends::<Intake>(4, &[2], false);
}

#[test]
fn two_senders_and_one_ends() {
    ends::<Intake>(3, &[1, 2], false);
}

#[test]
fn three_senders_and_one_ends() {
    ends::<Intake>(2, &[1, 1, 1], false);
}

#[test]
fn the_owner_sends_too() {
    ends::<Intake>(3, &[1, 1], true);
}

#[test]
fn two_threads_end() {
    explore(3, || {
        let shared = Arc::new(Shared::<Intake>::default());
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let accepted = shared.send(thread, 0);
                    shared.shut();
                    accepted
                })
            })
            .collect();
        let mut owner = Owner::default();
        owner.carry_out(&shared);
        let accepted = threads.into_iter().map(|t| t.join().unwrap()).filter(|&a| a).count();
        owner.carry_out(&shared);
        assert!(shared.intake.is_shut());
        assert!(owner.side == Side::HalfClosed && owner.stream.len() == accepted);
    });
}

#[test]
#[should_panic = "accepted, and behind the end"]
fn a_flag_beside_the_count_is_found() {
    ends::<Apart>(3, &[1, 1], false);
}

#[test]
#[should_panic = "accepted, and behind the end"]
fn an_owner_that_waits_for_nobody_is_found() {
    ends::<Uncounted>(3, &[1, 1], false);
}

#[test]
fn two_threads_close() {
    explore(3, || {
        let shared = Arc::new(Shared::<Intake>::default());
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let accepted = shared.send(thread, 0);
                    let closes = shared.intake.close(thread as u16);
                    assert!(shared.intake.closing().is_some());
                    assert!(!shared.send(thread, 1), "accepted after its own close");
                    (accepted, closes.then_some(thread as u16))
                })
            })
            .collect();
        let ends: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let accepted = ends.iter().filter(|e| e.0).count();
        assert_eq!(shared.intake.waiting(), accepted as u64);
        let closers: Vec<_> = ends.iter().filter_map(|e| e.1).collect();
        assert_eq!(closers.len(), 1, "one closes it");
        assert_eq!(shared.intake.closing(), Some(closers[0]));
    });
}
