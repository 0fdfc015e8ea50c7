//! Counting on one thread. In a file of its own, because tests/model includes `refs.rs`.

#![forbid(unsafe_code)]

use super::refs::{FULL, OWN, RefCount, Released};
use crate::sync::atomic::AtomicU32;

#[test]
fn the_last_of_all_frees() {
    let refs = RefCount::new();
    assert!(refs.retain() && refs.retain());
    assert_eq!(refs.release(), Released::Kept);
    assert_eq!(refs.let_go(), Released::Kept);
    assert_eq!(refs.release(), Released::Last);
}

#[test]
fn the_librarys_own_is_nobody_elses_to_release() {
    let refs = RefCount::new();
    assert_eq!(refs.release(), Released::None);
    assert!(refs.retain());
    assert_eq!(refs.release(), Released::Kept);
    assert_eq!(refs.release(), Released::None);
    assert_eq!(refs.let_go(), Released::Last);
}

#[test]
fn too_many_are_refused() {
    let refs = RefCount(AtomicU32::new(OWN | (FULL - 1)));
    assert!(refs.retain() && !refs.retain());
    assert_eq!(refs.release(), Released::Kept);
    assert!(refs.retain());
}
