/// What an HTTP server has done. Later versions may add fields at the end.
#[repr(C)]
pub struct yolanda_http_stats {
    /// Requests that were given to the callback or a route, or that the library answered because there was
    /// neither.
    pub requests: u64,
    /// Responses by status, those of the library itself among them.
    pub responses_2xx: u64,
    /// The same.
    pub responses_3xx: u64,
    /// The same.
    pub responses_4xx: u64,
    /// The same, with whatever stands above.
    pub responses_5xx: u64,
    /// Connections that were ended by a deadline.
    pub timeouts: u64,
}
