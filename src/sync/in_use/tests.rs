//! Apart from the file itself, because tests/model takes that in as it is.

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
