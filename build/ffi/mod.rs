//! Generates `include/yolanda_ffi.h` and `include/yolanda_ffi.json` for the foreign function interfaces of other
//! languages: from the same Rust sources as the headers for C, and from what cbindgen makes of them.

mod comment;
mod header;
mod json;
mod model;

use std::path::Path;

use cbindgen::{Builder, Config};

use crate::headers::{ADDITIONS, with_parts, write_if_changed};
use model::{Item, Kind};

/// A part of both files: what one header of `include/lib`, or one part of `yolanda.h`, declares.
struct Section {
    header: &'static str,
    items: Vec<Item>,
}

/// The headers of `include/lib` that a program in another language needs something of.
const COURSE: &[&str] = &[
    "buffer.h",
    "channel.h",
    "event_loop.h",
    "tcp_server.h",
    "tcp_connection.h",
    "acceptor.h",
    "event_loop_thread.h",
    "thread_pool.h",
    "http_request.h",
    "http_response.h",
    "http_server.h",
    "log.h",
    "utils.h",
];

/// What they declare besides: calls for back ends, calls with variable arguments, one for a struct that the program
/// has memory for, and one that ends the process where a test answers the question.
const LEFT_OUT: &[&str] = &[
    "assertInSameThread",
    "channel_event_activate",
    "event_loop_handle_pending_add",
    "event_loop_handle_pending_remove",
    "event_loop_handle_pending_update",
    "event_loop_thread_init",
    "yolanda_debugx",
    "yolanda_logx",
    "yolanda_msgx",
];

/// Types that no function of their file mentions.
const NAMED: &[&str] = &["http_request_state", "yolanda_http_stats", "yolanda_loop_stats"];

pub fn write_to(folder: &Path) {
    let sections = sections();
    write_if_changed(&folder.join("yolanda_ffi.h"), &header::text(&sections));
    write_if_changed(&folder.join("yolanda_ffi.json"), &json::text(&sections));
}

fn sections() -> Vec<Section> {
    let course = COURSE.iter().map(|&header| (header, header.replace(".h", ".rs")));
    let own = ADDITIONS.iter().map(|part| ("yolanda.h", format!("yolanda/{part}.rs")));
    let mut sections: Vec<Section> = course
        .chain(own)
        .map(|(header, file)| Section { header, items: model::read(&declarations(&file)) })
        .collect();
    for section in &mut sections {
        section.items.retain(|item| !LEFT_OUT.contains(&item.name.as_str()));
        for item in &mut section.items {
            // A course's object is used through functions; what the library fills in or reads has a layout.
            if matches!(item.kind, Kind::Struct(_)) && !item.name.starts_with("yolanda_") {
                item.kind = Kind::Handle;
            }
        }
    }
    sections
}

/// What cbindgen makes of a header's Rust files: each declaration on one line.
fn declarations(file: &str) -> String {
    let mut config = Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    config.cpp_compat = false;
    config.line_length = usize::MAX / 2;
    config.export.include = NAMED.iter().map(|&name| name.into()).collect();
    let mut text = Vec::new();
    let builder = Builder::new().with_config(config).with_src("cbindgen/forward.rs");
    with_parts(builder, file)
        .generate()
        .unwrap_or_else(|error| panic!("{file}: {error}"))
        .write(&mut text);
    String::from_utf8(text).expect("the sources are UTF-8")
}
