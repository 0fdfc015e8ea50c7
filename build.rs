//! Around the crate: the list of exports, the C headers, the C sources, the shape of the .so.

#[path = "build/exports.rs"]
mod exports;
#[path = "build/headers.rs"]
mod headers;
#[path = "build/link.rs"]
mod link;
#[path = "build/shim.rs"]
mod shim;

fn main() {
    exports::list();
    headers::generate();
    shim::compile();
    link::arguments();
}
