//! All types, callbacks and constants of the headers in one flat module for the rest of the crate.

#![forbid(unsafe_code)]

use core::ffi::{c_uint, c_void};

pub use crate::abi::acceptor::acceptor;
pub use crate::abi::buffer::{INIT_BUFFER_SIZE, buffer};
pub use crate::abi::channel::{
    EVENT_READ, EVENT_SIGNAL, EVENT_TIMEOUT, EVENT_WRITE, channel, event_read_callback,
    event_write_callback,
};
pub use crate::abi::channel_map::channel_map;
pub use crate::abi::common::{BUFFER_SIZE, LISTENQ, MAXLINE, SERV_PORT};
pub use crate::abi::event_dispatcher::event_dispatcher;
pub use crate::abi::event_loop::{channel_element, event_loop};
pub use crate::abi::event_loop_thread::event_loop_thread;
pub use crate::abi::http_request::{http_request, http_request_state, request_header};
pub use crate::abi::http_response::{HttpStatusCode, http_response, response_header};
pub use crate::abi::http_server::{http_server, request_callback};
pub use crate::abi::inetaddress::inet_address;
pub use crate::abi::log::{LOG_DEBUG_TYPE, LOG_ERR_TYPE, LOG_MSG_TYPE, LOG_WARN_TYPE};
pub use crate::abi::tcp_connection::tcp_connection;
pub use crate::abi::tcp_server::{
    TCPserver, connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
pub use crate::abi::thread_pool::thread_pool;
pub use crate::abi::yolanda::callbacks::{
    YOLANDA_FRAMES_CRLF, YOLANDA_FRAMES_FIXED, YOLANDA_FRAMES_LENGTH, YOLANDA_FRAMES_LENGTH_LE,
    YOLANDA_FRAMES_LINES, YOLANDA_FRAMES_NONE, yolanda_callbacks, yolanda_connection_callback,
};
pub use crate::abi::yolanda::client::{yolanda_client, yolanda_client_failed_callback};
pub use crate::abi::yolanda::connection::{
    YOLANDA_IDLE_BOTH, YOLANDA_IDLE_RECEIVED, YOLANDA_IDLE_SENT, YOLANDA_LIMIT_CLOSE,
    YOLANDA_LIMIT_REFUSE, yolanda_water_mark_callback,
};
pub use crate::abi::yolanda::event_loop::{yolanda_loop_callback, yolanda_loop_stats};
pub use crate::abi::yolanda::http_access::{yolanda_http_access, yolanda_http_access_callback};
pub use crate::abi::yolanda::http_cookie::{
    YOLANDA_HTTP_SAME_SITE_LAX, YOLANDA_HTTP_SAME_SITE_NONE, YOLANDA_HTTP_SAME_SITE_STRICT,
    yolanda_http_cookie,
};
pub use crate::abi::yolanda::http_files::{
    YOLANDA_HTTP_FILES_HIDDEN, YOLANDA_HTTP_FILES_LINKS, yolanda_http_files,
};
pub use crate::abi::yolanda::http_form::{
    YOLANDA_HTTP_FORM_BEGIN, YOLANDA_HTTP_FORM_DATA, YOLANDA_HTTP_FORM_END, yolanda_http_form,
    yolanda_http_form_callback, yolanda_http_part,
};
pub use crate::abi::yolanda::http_response::{
    YOLANDA_HTTP_CLOSED, YOLANDA_HTTP_HALF_CLOSED, YOLANDA_HTTP_WRITABLE,
    yolanda_http_closed_callback, yolanda_http_stream_callback,
};
pub use crate::abi::yolanda::http_route::yolanda_http_handler;
pub use crate::abi::yolanda::http_server::yolanda_http_stats;
pub use crate::abi::yolanda::http_upload::{
    YOLANDA_HTTP_BODY_COMPLETE, YOLANDA_HTTP_BODY_CUT, YOLANDA_HTTP_BODY_PART,
    yolanda_http_body_callback, yolanda_http_head_callback,
};
pub use crate::abi::yolanda::server::{
    YOLANDA_BALANCE_FEWEST, YOLANDA_BALANCE_IN_TURN, yolanda_choose_callback,
    yolanda_server_callback,
};
pub use crate::abi::yolanda::signal::{yolanda_signal, yolanda_signal_callback};
pub use crate::abi::yolanda::timer::{yolanda_timer, yolanda_timer_callback};

/// `enum http_request_state` as C code may set it: any value.
pub type http_request_state_t = c_uint;
pub const REQUEST_STATUS: c_uint = http_request_state::REQUEST_STATUS as c_uint;
pub const REQUEST_HEADERS: c_uint = http_request_state::REQUEST_HEADERS as c_uint;
pub const REQUEST_BODY: c_uint = http_request_state::REQUEST_BODY as c_uint;
pub const REQUEST_DONE: c_uint = http_request_state::REQUEST_DONE as c_uint;

/// `enum HttpStatusCode` as C code may set it: any value.
pub type HttpStatusCode_t = c_uint;

/// Called when a program's data isn't needed any more.
pub type Destroy = Option<unsafe extern "C-unwind" fn(data: *mut c_void)>;

/// C's `va_list` as a parameter: on every supported target the caller passes its address.
pub type va_list = *mut c_void;

/// Stands for `...` in the signatures of functions whose bodies are written in C.
pub type VaList = *mut c_void;
