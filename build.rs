//! Around the crate: the C headers, the C sources, the shape of the .so.

#[path = "build/ffi/mod.rs"]
mod ffi;
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
