//! Listening on a path (unix(7)), and passing a path from one server to the next.
//!
//! The kernel binds a path to one socket, but leaves its file behind when the socket is closed. The next server
//! checks whether anybody still listens there and removes the file. A lock on a second file, which exists for
//! that moment only, prevents two servers from doing so at once, and a server from removing the file of its
//! successor.

use super::{errno, fd as sys_fd, file, socket};
use crate::sys::address::Address;
use crate::sys::listen::{bound, fails, listen, stream};
use libc::{c_char, c_int, sockaddr_un};
use std::ffi::CStr;
use std::mem;

/// The suffix of the lock file's name.
const SUFFIX: &[u8] = b".yolanda-lock\0";
const LOCK_NAME: usize = mem::size_of::<sockaddr_un>() + SUFFIX.len();

/// How often the lock is tried, and the pause in between. It is held only for a moment, so a holder that takes
/// longer was stopped.
const TRIES: u32 = 1000;
const NAP_US: u32 = 1000;

/// Identifies a file among all that exist: device and inode.
type FileId = (u64, u64);

/// The socket file that bind(2) created.
pub struct File {
    id: FileId,
    /// The process that bound the socket. A child that inherited it by fork(2) didn't.
    process: libc::pid_t,
}

/// A socket that listens on a path or an abstract name, and its file, if it is a path. A socket file on which
/// nobody listens is replaced.
pub fn open(address: &Address) -> Result<(c_int, Option<File>), c_int> {
    with_path(address, |path| {
        let _lock = Lock::take(path)?;
        let fd = match bound(address, false) {
            Err(libc::EADDRINUSE) => {
                remove_stale(path, address)?;
                bound(address, false)?
            }
            done => done?,
        };
        let id = socket_file(path);
        if let Err(e) = listen(fd) {
            id.inspect(|&id| remove(path, id));
            sys_fd::close(fd);
            return Err(e);
        }
        // SAFETY: getpid has no preconditions.
        let process = unsafe { libc::getpid() };
        Ok((fd, id.map(|id| File { id, process })))
    })
    .unwrap_or_else(|| {
        let fd = bound(address, false)?;
        listen(fd).map(|()| (fd, None)).inspect_err(|_| sys_fd::close(fd))
    })
}

/// Reverts `open`: calls `close` to close the socket, and removes its file. The file stays if the path belongs to
/// another socket by then, if this process got the socket by fork(2), or if the lock can't be taken; the next
/// server replaces it.
pub fn retire(address: &Address, file: File, close: impl FnOnce()) {
    let _keep = errno::Keep::new();
    // SAFETY: getpid has no preconditions.
    let ours = file.process == unsafe { libc::getpid() };
    with_path(address, |path| {
        if ours && let Ok(_lock) = Lock::take(path) {
            // While the socket is open, the inode of its file isn't reused.
            remove(path, file.id);
        }
    });
    close();
    with_path(address, |path| {
        if !ours
            && let Ok(_lock) = Lock::take(path)
            && probe(address) == Err(libc::ECONNREFUSED)
        {
            remove(path, file.id);
        }
    });
}

/// Removes a socket file on which nobody listens. EADDRINUSE for any other file.
fn remove_stale(path: &CStr, address: &Address) -> Result<(), c_int> {
    let found = socket_file(path).ok_or(libc::EADDRINUSE)?;
    match probe(address) {
        Err(libc::ECONNREFUSED) => {
            remove(path, found);
            Ok(())
        }
        Err(libc::ENOENT) => Ok(()),
        _ => Err(libc::EADDRINUSE),
    }
}

/// Tries to connect to the address.
fn probe(address: &Address) -> Result<c_int, c_int> {
    let fd = stream(libc::AF_UNIX)?;
    let answer = fails(socket::connect(fd, address));
    sys_fd::close(fd);
    answer
}

fn lstat(path: *const c_char) -> Option<libc::stat> {
    // SAFETY: the path is NUL-terminated; lstat fills the struct, for which all zeroes are a valid value.
    unsafe {
        let mut st: libc::stat = mem::zeroed();
        (libc::lstat(path, &mut st) == 0).then_some(st)
    }
}

/// The file at a path, if it is a socket and not a link to one.
fn socket_file(path: &CStr) -> Option<FileId> {
    let st = lstat(path.as_ptr())?;
    (st.st_mode & libc::S_IFMT == libc::S_IFSOCK).then_some((st.st_dev, st.st_ino))
}

/// If this fails, the file stays and the next server replaces it.
fn remove(path: &CStr, file: FileId) {
    if socket_file(path) == Some(file) {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::unlink(path.as_ptr()) };
    }
}

/// Calls `f` with the path of the address, if it has one.
fn with_path<R>(address: &Address, f: impl FnOnce(&CStr) -> R) -> Option<R> {
    if address.family() != libc::AF_UNIX {
        return None;
    }
    // SAFETY: the storage is larger than the struct and zeroed after the address.
    let un = unsafe { address.as_ptr().cast::<sockaddr_un>().read() };
    let mut text = [0u8; mem::size_of::<sockaddr_un>()];
    text.iter_mut().zip(un.sun_path).for_each(|(to, from)| *to = from as u8);
    let path = CStr::from_bytes_until_nul(&text).ok()?;
    (!path.is_empty()).then(|| f(path))
}

/// The lock on changes of a path's owner, against other processes and other threads of this one. It is also
/// released when the process ends.
struct Lock {
    fd: c_int,
    name: [u8; LOCK_NAME],
}

impl Lock {
    /// Waits for the lock. EADDRINUSE if another holds it for too long.
    fn take(path: &CStr) -> Result<Lock, c_int> {
        let mut name = [0; LOCK_NAME];
        let whole = path.to_bytes().iter().chain(SUFFIX);
        name.iter_mut().zip(whole).for_each(|(to, &from)| *to = from);
        for _ in 0..TRIES {
            let fd = open_file(&name)?;
            match lock_file(fd, &name) {
                Ok(true) => return Ok(Lock { fd, name }),
                Ok(false) => sys_fd::close(fd),
                Err(e) => {
                    sys_fd::close(fd);
                    return Err(e);
                }
            }
            // SAFETY: usleep takes a number and touches no memory.
            unsafe { libc::usleep(NAP_US) };
        }
        Err(libc::EADDRINUSE)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if is_file_of(self.fd, &self.name) {
            // SAFETY: the name ends with a NUL.
            // If the file stays, the next holder locks it.
            unsafe { libc::unlink(self.name.as_ptr().cast()) };
        }
        sys_fd::close(self.fd);
    }
}

/// Opens the lock file, or creates it.
fn open_file(name: &[u8; LOCK_NAME]) -> Result<c_int, c_int> {
    let name = name.as_ptr().cast::<c_char>();
    // Symbolic links aren't followed, and opening doesn't block.
    let flags =
        libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    loop {
        // SAFETY: the name ends with a NUL.
        match fails(sys_fd::lift(unsafe { libc::open(name, flags) })) {
            Err(libc::ENOENT) => {}
            done => return done,
        }
        let anew = flags | libc::O_CREAT | libc::O_EXCL;
        // SAFETY: the name ends with a NUL.
        match fails(sys_fd::lift(unsafe { libc::open(name, anew, 0o600) })) {
            Err(libc::EEXIST) => {}
            done => return done,
        }
    }
}

/// Whether the lock was taken, and the file is still the one of that name.
fn lock_file(fd: c_int, name: &[u8; LOCK_NAME]) -> Result<bool, c_int> {
    // SAFETY: flock takes numbers only.
    match fails(unsafe { libc::flock(fd, libc::LOCK_EX | libc::LOCK_NB) }) {
        Ok(_) => Ok(is_file_of(fd, name)),
        Err(libc::EWOULDBLOCK | libc::EINTR) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Whether the descriptor refers to the file of that name.
fn is_file_of(fd: c_int, name: &[u8; LOCK_NAME]) -> bool {
    let found = lstat(name.as_ptr().cast());
    file::status(fd)
        .zip(found)
        .is_some_and(|(ours, found)| (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino))
}
