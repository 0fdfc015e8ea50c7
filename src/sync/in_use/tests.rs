//! In a file of its own, because tests/model includes `in_use.rs`.

#![forbid(unsafe_code)]

use super::in_use::InUse;

#[test]
fn nobody_gets_in_after_the_end() {
    let descriptor = InUse::default();
    assert!(descriptor.enter() && descriptor.enter());
    descriptor.shut();
    assert!(!descriptor.enter());
    descriptor.leave();
    descriptor.wait_for_users(|| descriptor.leave());
    assert!(!descriptor.enter());
}
