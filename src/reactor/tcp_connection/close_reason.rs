//! The reasons for closing a connection.
#![forbid(unsafe_code)]

use libc::c_int;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// Both sides have ended the stream, and everything was sent.
    InOrder,
    /// The peer, the network or the system: the errno value of the system call that failed.
    Failed(c_int),
    /// A time limit of the connection has passed.
    TimedOut,
    /// More bytes are queued or unread than a limit allows.
    OverLimit,
    /// The program closed it, or the rest of what it began to send can't be sent.
    Canceled,
    /// Its server was stopped, or its loop was freed.
    Stopped,
    NoMemory,
    /// The program closed the descriptor.
    DescriptorGone,
}

impl CloseReason {
    /// The value of `yolanda_connection_error`.
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

    /// The reason for the result of a system call; 0 if none failed.
    pub fn of_call(errno: c_int) -> CloseReason {
        match errno {
            0 => CloseReason::InOrder,
            libc::EBADF => CloseReason::DescriptorGone,
            libc::ENOMEM => CloseReason::NoMemory,
            errno => CloseReason::Failed(errno),
        }
    }
}
