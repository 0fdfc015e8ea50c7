//! How a function is exported: a symbol that jumps to the real body, so that every argument, a
//! variable argument list too, reaches the body untouched.

/// The whole body of a `#[unsafe(naked)]` export: `jump_to!(path::of::body)`.
macro_rules! jump_to {
    ($body:path) => {
        core::arch::naked_asm!(jump!(), body = sym $body)
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
