//! Opens a file below a root folder and nothing outside of it. The kernel resolves the path (openat2(2)). If it
//! doesn't have that call or refuses it, `walk` resolves the path name by name.

use core::ffi::{CStr, c_int};
use core::mem::size_of;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::http::files::walk::walk;
use crate::sys::{errno, fd as sys_fd};

/// Doesn't wait for the other end of a FIFO, and doesn't acquire a controlling terminal.
pub const FLAGS: c_int = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;

/// How often a path is resolved again if other processes rename its folders at the same time.
const TRIES: usize = 16;

/// The kernel doesn't have openat2(2).
static LACKING: AtomicBool = AtomicBool::new(false);

/// Opens a relative path below a folder. `links`: symbolic links are followed as long as they stay below the
/// folder; otherwise they are treated as missing. Err with errno.
pub fn open(root: c_int, path: &CStr, links: bool) -> Result<c_int, c_int> {
    if !LACKING.load(Relaxed) {
        match by_kernel(root, path, links) {
            // Seccomp filters fail with EPERM for a call that they don't know. If the file was the reason, `walk`
            // returns the same.
            Err(libc::EPERM) => (),
            Err(libc::ENOSYS) => LACKING.store(true, Relaxed),
            known => return known,
        }
    }
    walk(root, path, links)
}

pub fn by_kernel(root: c_int, path: &CStr, links: bool) -> Result<c_int, c_int> {
    let stay = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
    let resolve = if links { stay } else { stay | libc::RESOLVE_NO_SYMLINKS };
    // struct open_how: flags, mode, resolve.
    let how: [u64; 3] = [FLAGS as u64, 0, resolve];
    for _ in 0..TRIES {
        let size = size_of::<[u64; 3]>();
        // SAFETY: a C string, and a struct of the given size.
        let fd =
            unsafe { libc::syscall(libc::SYS_openat2, root, path.as_ptr(), how.as_ptr(), size) };
        let fd = sys_fd::lift(fd as c_int);
        match (fd, errno::get()) {
            (0.., _) => return Ok(fd),
            (_, libc::EAGAIN | libc::EINTR) => (),
            (_, error) => return Err(error),
        }
    }
    Err(libc::EAGAIN)
}
