//! Why a connection closes: a closed set.
#![forbid(unsafe_code)]

use libc::c_int;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// Both sides have ended, and all was sent.
    InOrder,
    /// The peer, the network or the system: the errno value of the call that failed.
    Failed(c_int),
    /// A time limit of the connection's is over.
    TimedOut,
    /// More waits to be sent, or to be read, than a limit allows.
    OverLimit,
    /// The program closed it, or what it sent can't be sent whole.
    Canceled,
    /// Its server was stopped, or its loop freed.
    Stopped,
    NoMemory,
    /// The program closed the descriptor.
    DescriptorGone,
}

impl CloseReason {
    /// What `yolanda_connection_error` tells.
    pub fn errno(self) -> c_int {
        match self {
            CloseReason::InOrder => 0,
            CloseReason::Failed(errno) => errno,
            CloseReason::TimedOut => libc::ETIMEDOUT,
            CloseReason::OverLimit => libc::ENOBUFS,
            CloseReason::Canceled => libc::ECANCELED,
            CloseReason::Stopped => libc::ESHUTDOWN,
            CloseReason::NoMemory => libc::ENOMEM,
            CloseReason::DescriptorGone => libc::EBADF,
        }
    }

    /// The reason behind the answer of a system call; 0: none failed.
    pub fn of_call(errno: c_int) -> CloseReason {
        match errno {
            0 => CloseReason::InOrder,
            libc::EBADF => CloseReason::DescriptorGone,
            libc::ENOMEM => CloseReason::NoMemory,
            errno => CloseReason::Failed(errno),
        }
    }
}
