//! What getaddrinfo(3) answers, as an errno.

use super::{errno, fd};
use libc::c_int;

/// The errno for an answer other than 0. Call it at once: `errno` is part of the answer.
pub fn error(answer: c_int) -> c_int {
    let system = errno::get();
    // Out of descriptors, the system can't read what it knows of hosts, and says that there is no such.
    let spare = fd::spare();
    if spare < 0 {
        return errno::get();
    }
    fd::close(spare);
    match answer {
        libc::EAI_NONAME | libc::EAI_NODATA => libc::ENOENT,
        libc::EAI_AGAIN => libc::EAGAIN,
        libc::EAI_MEMORY => libc::ENOMEM,
        libc::EAI_SYSTEM if system > 0 => system,
        _ => libc::EHOSTUNREACH,
    }
}
