use core::ffi::{c_char, c_int, c_uint};

/// The version of the library that runs, as YOLANDA_VERSION_NUMBER has it.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_version_number() -> c_uint {
    jump_to!(crate::version::yolanda_version_number)
}

/// The version of the library that runs, "MAJOR.MINOR.PATCH". The text is the library's.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_version() -> *const c_char {
    jump_to!(crate::version::yolanda_version)
}

/// Whether the library that runs serves programs that were compiled with a header of this version:
/// it is the same or a later one of the same major number, while that is 0 of the same minor number.
/// Programs call it as YOLANDA_VERSION_CHECK().
///
/// Returns 0, or -1 with ENOTSUP.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_version_check(header: c_uint) -> c_int {
    jump_to!(crate::version::yolanda_version_check)
}
