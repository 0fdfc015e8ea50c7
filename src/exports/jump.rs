//! Exports a function as a symbol that jumps to its body, so that all arguments, including variable
//! ones, reach the body unchanged.

/// The whole body of an export that is a `#[unsafe(naked)]` function: `jump_to!(path::of::body)`.
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
