//! The types of yolanda.h for HTTP servers.

#![forbid(unsafe_code)]

/// Counters of an HTTP server. Later versions may add fields at the end.
#[repr(C)]
pub struct yolanda_http_stats {
    /// Requests that were passed to the callback or a route, or that the library answered because
    /// there is neither.
    pub requests: u64,
    /// Responses with a status 2xx, including those of the library itself.
    pub responses_2xx: u64,
    /// Responses with a status 3xx, including those of the library itself.
    pub responses_3xx: u64,
    /// Responses with a status 4xx, including those of the library itself.
    pub responses_4xx: u64,
    /// Responses with a status of 500 or above, including those of the library itself.
    pub responses_5xx: u64,
    /// Connections that a deadline has ended.
    pub timeouts: u64,
}
