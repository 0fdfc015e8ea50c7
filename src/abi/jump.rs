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

/// Never called: keeps the assembler from warning, once for each export, that `.weak` changes what
/// rustc's own `.globl` has said just before. `.globl` becomes `.weak` for the exports' names, and
/// stays what it is for all others. Mangled names are sorted before those of the exports, so this
/// is read first; were it not, the warnings would come back and nothing else would change.
#[unsafe(naked)]
extern "C" fn exports_are_weak() {
    core::arch::naked_asm!(
        ".ifndef .Lyolanda_exports",
        ".set .Lyolanda_exports, 1",
        ".macro .globl name",
        ".set .Lyolanda_is_export, 0",
        concat!(".irp export, ", env!("YOLANDA_EXPORTS")),
        ".ifc \\name, \\export",
        ".set .Lyolanda_is_export, 1",
        ".endif",
        ".endr",
        ".if .Lyolanda_is_export",
        ".weak \\name",
        ".else",
        ".global \\name",
        ".endif",
        ".endm",
        ".endif",
        "ret",
    )
}

#[used]
static READ_BY_THE_ASSEMBLER: extern "C" fn() = exports_are_weak;
