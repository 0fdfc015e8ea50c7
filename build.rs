//! Three steps around the crate: the C headers, the C sources, the shape of the shared library.

#[path = "build/headers.rs"]
mod headers;
#[path = "build/link.rs"]
mod link;
#[path = "build/shim.rs"]
mod shim;

fn main() {
    headers::generate();
    shim::compile();
    link::arguments();
}
