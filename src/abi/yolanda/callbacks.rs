//! The type of yolanda.h for callbacks with data of the program's.

use crate::abi::buffer::buffer;
use crate::abi::tcp_connection::tcp_connection;
use core::ffi::{c_int, c_void};

/// For the framing of struct yolanda_callbacks: there is none, and `message` is called.
pub const YOLANDA_FRAMES_NONE: c_int = 0;

/// Lines that end with a newline; a carriage return before it belongs to the end.
pub const YOLANDA_FRAMES_LINES: c_int = 1;

/// Lines that end with a carriage return and a newline.
pub const YOLANDA_FRAMES_CRLF: c_int = 2;

/// A length of `frame_prefix` bytes (1, 2, 4 or 8), most significant byte first, and then that many
/// bytes.
pub const YOLANDA_FRAMES_LENGTH: c_int = 3;

/// The same, with the least significant byte first.
pub const YOLANDA_FRAMES_LENGTH_LE: c_int = 4;

/// `frame_limit` bytes each.
pub const YOLANDA_FRAMES_FIXED: c_int = 5;

/// Called for a connection, with the data of its struct yolanda_callbacks.
pub type yolanda_connection_callback =
    Option<unsafe extern "C-unwind" fn(connection: *mut tcp_connection, data: *mut c_void)>;

/// Called with a connection's input buffer, and the data of its struct yolanda_callbacks.
pub type yolanda_input_callback = Option<
    unsafe extern "C-unwind" fn(
        connection: *mut tcp_connection,
        input: *mut buffer,
        data: *mut c_void,
    ),
>;

/// Called with a frame of a connection's input, and the data of its struct yolanda_callbacks.
pub type yolanda_frame_callback = Option<
    unsafe extern "C-unwind" fn(
        connection: *mut tcp_connection,
        bytes: *const c_void,
        length: usize,
        data: *mut c_void,
    ),
>;

/// Called for a connection that has reached a time limit, with the data of its struct yolanda_callbacks.
pub type yolanda_idle_callback = Option<
    unsafe extern "C-unwind" fn(connection: *mut tcp_connection, data: *mut c_void) -> c_int,
>;

/// Callbacks of connections, with data of the program's. Zero the struct, set `size` and what you need:
/// a callback that is NULL isn't called. All are called on the connection's own thread.
///
/// The library copies the struct. It keeps `data` until no connection needs it any more, and then calls
/// `destroy(data)`, once, on the thread that gives up the last reference.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct yolanda_callbacks {
    /// sizeof(struct yolanda_callbacks). Newer versions may add callbacks at the end.
    pub size: usize,
    /// It is passed to each of the callbacks.
    pub data: *mut c_void,
    /// It must not use the connection, the server or the client.
    pub destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
    /// The connection has come to its loop. Unlike connection_completed_call_back it is always called on
    /// the connection's own thread.
    pub completed: yolanda_connection_callback,
    /// Bytes have arrived in `input`. What the callback leaves there is kept, and is still there when
    /// it is called with more.
    pub message: yolanda_input_callback,
    /// The kernel has taken all bytes that were queued.
    pub write_completed: yolanda_connection_callback,
    /// The connection has closed, once. yolanda_connection_error() says why.
    pub closed: yolanda_connection_callback,
    /// How the input is divided into frames: YOLANDA_FRAMES_LINES and so on; 0: it isn't.
    pub framing: c_int,
    /// For YOLANDA_FRAMES_LENGTH: how many bytes the length has.
    pub frame_prefix: c_int,
    /// How many bytes a frame may have, without prefix and line end; 0: 65536. A connection that exceeds
    /// it is closed with EMSGSIZE as its error.
    pub frame_limit: usize,
    /// A whole frame has arrived, without prefix and line end. It is called in place of `message`, once
    /// for each frame, as long as the connection is open and reading isn't paused. The bytes are valid
    /// until the callback returns or runs the loop. What is left when the connection closes is no frame.
    pub frame: yolanda_frame_callback,
    /// The peer has ended its side: no more input follows. It is called once, after all bytes and frames
    /// were delivered, and not while reading is paused. If it is set, the peer's end doesn't close the
    /// connection: you may send until tcp_connection_shutdown(), after which the connection closes in
    /// order once everything was sent. It isn't called after yolanda_connection_close_after_send(), nor for
    /// a connection that has failed. What a graceful stop of the server does to the connection is what it
    /// does to others: with no unread input, it ends once everything was sent.
    pub input_ended: yolanda_connection_callback,
    /// A limit of yolanda_connection_set_timeouts() is over. 0: the connection is closed with ETIMEDOUT as
    /// its error. Any other value: it stays open, and all of these limits begin anew. The callback may
    /// send, close the connection or set other limits. It isn't asked at the time of
    /// yolanda_connection_close_after_send().
    pub idle: yolanda_idle_callback,
}
