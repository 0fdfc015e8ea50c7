//! How a function is exported: a weak symbol that jumps to the real body.
//!
//! Weak, so that a program which defines the name itself still links to the archive; a jump, so
//! that every argument, a variable argument list too, reaches the body untouched.

/// The whole body of a `#[unsafe(naked)]` export: `weak_export!("name", path::of::body)`.
macro_rules! weak_export {
    ($name:literal, $body:path) => {
        core::arch::naked_asm!(concat!(".weak ", $name), jump!(), body = sym $body)
    };
}

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {body}"
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {body}"
    };
}
